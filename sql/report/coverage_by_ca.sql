-- One row per issuing CA: its endpoints with a certificate by automation state.
-- grain: an issuing CA
-- kind: view
-- check: unique(issuing_ca)
select
    member as issuing_ca, -- vendor of the CA, else the issuer, or unknown
    managed_with_certificate as managed, -- renewed automatically
    available_with_certificate as available, -- automation reaches them, nobody has enrolled them
    not_available_with_certificate as not_available, -- out of automation's reach
    with_certificate -- all endpoints with a certificate
from mart.coverage
where dimension = 'issuing_ca' and with_certificate > 0
