-- Eight IPv6 groups with the first longest run of two or more zero groups as `::`.
-- macro: staging.ipv6_shortened(groups)
list_transform(
    [groups],
    lambda given: coalesce(
        regexp_replace(
            given,
            '(^|:)' || list_filter(
                [
                    '0:0:0:0:0:0:0:0',
                    '0:0:0:0:0:0:0',
                    '0:0:0:0:0:0',
                    '0:0:0:0:0',
                    '0:0:0:0',
                    '0:0:0',
                    '0:0'
                ],
                lambda zeros: contains(':' || given || ':', ':' || zeros || ':')
            )[1] || '(:|$)',
            '::'
        ),
        given
    )
)[1]
