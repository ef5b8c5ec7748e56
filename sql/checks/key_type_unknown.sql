-- Key types that no rule knows: their certificates count as those whose key is unknown. A word that says unknown is left out.
-- severity: warn
-- advice: add a pattern for the type to rules/key_types.csv, or leave it if it is no type
select
    certificates.key_type,
    count(*) as certificates
from core.certificate_measures as measures
join core.certificates as certificates
    on certificates.certificate_key = measures.certificate_key
where
    certificates.key_type is not null
    and measures.algorithm is null
    and regexp_replace(upper(certificates.key_type), '[^A-Z0-9]', '', 'g') not in ('', 'UNKNOWN', 'NA', 'NONE', 'OTHER')
group by certificates.key_type
