-- Endpoints whose certificate can get further tags: any with a certificate.
-- Selected: those whose certificate has no owner (no tag with the policy's owner_tag_prefix, no owner named by the service).
-- Tags belong to the certificate, so every endpoint of the account that shares it changes too: shared_with lists them.
-- Checked by `bulk plan`, because people fill it in later: that the tags are valid.
-- grain: one eligible endpoint
-- kind: view
-- check: unique(endpoint_key)
select
    endpoints.endpoint_key,
    not coalesce(endpoints.has_owner, false) as is_selected, -- whether the default selection has it
    sharing.shared_with, -- other endpoints of the account with the same certificate, separated by ;
    case when coalesce(endpoints.has_owner, false) then 'selected with --where: ' else 'no owner; ' end
    || case when sharing.endpoint_count > 1 then 'shared with other endpoints' else 'on this endpoint only' end as reason -- why the row is there
from core.endpoints as endpoints
left join export.sharing as sharing on endpoints.endpoint_key = sharing.endpoint_key
where endpoints.protection = 'certificate'
