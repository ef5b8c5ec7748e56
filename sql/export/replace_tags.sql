-- Endpoints whose certificate's tags can be replaced: any with a certificate.
-- Selected: none; what is replaced is a person's decision, given with --where.
-- Tags belong to the certificate, so every endpoint of the account that shares it changes too: shared_with lists them.
-- Checked by `bulk plan`, because people fill it in later: that the tags are valid.
-- grain: one eligible endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    endpoints.endpoint_key,
    false as is_selected, -- whether the default selection has it
    sharing.shared_with, -- other endpoints of the account with the same certificate, separated by ;
    'selected with --where: '
    || case when sharing.endpoint_count > 1 then 'shared with other endpoints' else 'on this endpoint only' end as reason -- why the row is there
from core.endpoints as endpoints
left join export.sharing as sharing on endpoints.endpoint_key = sharing.endpoint_key
where endpoints.protection = 'certificate'
