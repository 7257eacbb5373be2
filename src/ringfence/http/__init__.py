"""What every answer has in common: errors, paging, field selection, contract versions."""
