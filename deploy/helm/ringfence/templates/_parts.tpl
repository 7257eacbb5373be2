{{- define "ringfence.labels" -}}
app.kubernetes.io/name: ringfence
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "ringfence.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}
{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end }}
{{- end }}
{{- end }}

{{- define "ringfence.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 30
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: secrets
    secret: {secretName: {{ .Values.existingSecret }}, defaultMode: 0440}
  - name: tmp
    emptyDir: {medium: Memory, sizeLimit: 64Mi}
{{- end }}

{{- define "ringfence.container" -}}
image: {{ include "ringfence.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
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
volumeMounts:
  - {name: secrets, mountPath: /secrets, readOnly: true}
  - {name: tmp, mountPath: /tmp}
{{- end }}
