-- A serial number as it is compared: without leading zeros, which some tools write (0A1B, as whole bytes) and others do not (A1B).
-- Keys and columns have the number as received, so a key does not change with the tool that is read first.
-- macro: core.serial_digits(serial_number)
ltrim(serial_number, '0')
