-- One row: the first complete run that the history begins with. No age in the report can be longer than this.
-- grain: the history
-- kind: view
select min(runs.as_of_at) as first_as_of_at -- start of the first complete run
from meta.runs as runs
where runs.is_complete
