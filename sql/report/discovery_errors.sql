-- One row per reason that scanners give for not reading an endpoint, and per sensor: who could not read what.
-- grain: a reason and a sensor
-- kind: table
-- check: unique(reason, sensor_name)
select
    coalesce(discovery_error, 'No reason given') as reason, -- the scanner's own words
    coalesce(sensor_name, 'unknown sensor') as sensor_name,
    count(*) as endpoints -- endpoints that it could not read
from mart.unsecured
where protection = 'discovery_error'
group by coalesce(discovery_error, 'No reason given'), coalesce(sensor_name, 'unknown sensor')
