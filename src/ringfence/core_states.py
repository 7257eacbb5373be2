"""The states of resources, in the order of Waldur's numbering."""

# The position is the number that `o=state` sorts by.
STATES = (
    "UPDATE_SCHEDULED",
    "UPDATING",
    "OK",
    "ERRED",
    "CREATION_SCHEDULED",
    "CREATING",
    "DELETION_SCHEDULED",
    "DELETING",
)
