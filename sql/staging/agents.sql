-- An agent on a server.
-- grain: one entry as received (account, received_no)
-- kind: view
select
    account, -- the account's name in the configuration
    received_no, -- position in the order received
    staging.filled(id) as agent_id, -- identifier of the agent
    staging.filled(name) as agent_name, -- name of the agent
    staging.filled(host_name) as host_name,
    staging.filled(status) as status,
    staging.filled(os_name) as os_name
from raw.agents
