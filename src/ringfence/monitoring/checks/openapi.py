"""OpenAPI operation of the doctor."""

from ringfence.http.openapi.operation import Operation, Response
from ringfence.http.openapi.schema import STRING, Model, array, described, enumeration, object_of
from ringfence.monitoring.checks.check import Outcome
from ringfence.monitoring.checks.routes import PATH

_CHECK = Model(
    "DoctorCheck",
    object_of(
        {
            "name": described(STRING, "What was checked."),
            "outcome": described(
                enumeration("DoctorOutcome", Outcome),
                "How it ended. `skipped`: an API process cannot check it, or not in time.",
            ),
            "found": described(STRING, "The result."),
            "tested": described(STRING, "How it was tested."),
            "fix": described(STRING, "What to do; empty if nothing."),
        }
    ),
)

operations = (
    Operation(
        "doctor_list",
        "GET",
        PATH,
        tag="doctor",
        title="Check the service",
        description=(
            "The checks of `ringfence doctor` that an API process can do: database, migrations,"
            " workers, queue, groups, pulls and stored documents. It has no credentials of clouds,"
            " so what needs them is `skipped`. Nothing is changed. Staff-only operation."
        ),
        responses={200: Response(array(_CHECK))},
        errors=(403,),
        own=True,
    ),
)
