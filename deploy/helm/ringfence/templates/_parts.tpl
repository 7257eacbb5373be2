{{- define "ringfence.fullname" -}}
{{- .Values.fullnameOverride | default (printf "%s-%s" .Release.Name (.Values.nameOverride | default "ringfence")) | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- /* The labels by which objects select pods: they cannot change in an upgrade. */}}
{{- define "ringfence.selector" -}}
app.kubernetes.io/name: ringfence
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ringfence.labels" -}}
{{ include "ringfence.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "ringfence.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}
{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end }}
{{- end }}
{{- end }}

{{- define "ringfence.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}{{ .Values.serviceAccount.name | default (include "ringfence.fullname" .) }}
{{- else -}}{{ .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- /* Other pods for another secret. Its version in the cluster, not a digest of its content, which
annotations would show to more readers than the secret. */}}
{{- define "ringfence.secretVersion" -}}
{{- $secret := lookup "v1" "Secret" .Release.Namespace .Values.existingSecret | default dict -}}
{{- $metadata := get $secret "metadata" | default dict -}}
{{- .Values.secretVersion | default (get $metadata "resourceVersion") | default "unknown" -}}
{{- end }}

{{- define "ringfence.podMetadata" -}}
labels:
  {{- include "ringfence.selector" . | nindent 2 }}
  {{- with .Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- with .Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  app.kubernetes.io/component: {{ .component }}
annotations:
  checksum/secret: {{ include "ringfence.secretVersion" . | quote }}
  {{- with .Values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "ringfence.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 30
securityContext: {{ toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.hostAliases }}
hostAliases: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.initContainers }}
initContainers: {{ toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: secrets
    secret: {secretName: {{ .Values.existingSecret }}, defaultMode: 0440}
  - name: tmp
    emptyDir: {medium: Memory, sizeLimit: 64Mi}
  {{- with .Values.extraVolumes }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- /* Spread over the nodes, unless told otherwise. */}}
{{- define "ringfence.spread" -}}
topologySpreadConstraints:
  {{- if .Values.topologySpreadConstraints }}
  {{- toYaml .Values.topologySpreadConstraints | nindent 2 }}
  {{- else }}
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "ringfence.selector" . | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
  {{- end }}
{{- end }}

{{- define "ringfence.container" -}}
image: {{ include "ringfence.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext: {{ toYaml .Values.securityContext | nindent 2 }}
env:
  - {name: RINGFENCE_CONFIG, value: /secrets/ringfence.toml}
  - {name: OS_CLIENT_CONFIG_FILE, value: /secrets/clouds.yaml}
  - {name: RINGFENCE_PUBLIC_URL, value: {{ .Values.publicUrl | quote }}}
  - {name: RINGFENCE_TRUSTED_PROXIES, value: {{ .Values.trustedProxies | join "," | default "none" | quote }}}
  # By token only: pods have no fixed IP addresses.
  - {name: RINGFENCE_METRICS_ALLOWED, value: none}
  {{- range $name, $value := .Values.settings }}
  - {name: RINGFENCE_{{ $name }}, value: {{ $value | quote }}}
  {{- end }}
  {{- range $name, $value := .Values.otel }}
  - {name: OTEL_{{ $name }}, value: {{ $value | quote }}}
  {{- end }}
  {{- with .Values.proxy.http }}
  - {name: HTTP_PROXY, value: {{ . | quote }}}
  {{- end }}
  {{- with .Values.proxy.https }}
  - {name: HTTPS_PROXY, value: {{ . | quote }}}
  {{- end }}
  {{- with .Values.proxy.exclude }}
  - {name: NO_PROXY, value: {{ . | join "," | quote }}}
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.extraEnvFrom }}
envFrom: {{ toYaml . | nindent 2 }}
{{- end }}
volumeMounts:
  - {name: secrets, mountPath: /secrets, readOnly: true}
  - {name: tmp, mountPath: /tmp}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "ringfence.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "ringfence.fullname" . }}-{{ .component }}
  labels: {{ include "ringfence.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .Values.podDisruptionBudget.maxUnavailable }}
  selector:
    matchLabels: {{ include "ringfence.selector" . | nindent 6 }}
      app.kubernetes.io/component: {{ .component }}
{{- end }}
