-- Eight IPv6 groups with the first longest run of two or more zero groups as `::`.
-- macro: staging.ipv6_shortened(groups)
case
    when regexp_matches(groups, '(^|:)0(:0){7}(:|$)') then regexp_replace(groups, '(^|:)0(:0){7}(:|$)', '::')
    when regexp_matches(groups, '(^|:)0(:0){6}(:|$)') then regexp_replace(groups, '(^|:)0(:0){6}(:|$)', '::')
    when regexp_matches(groups, '(^|:)0(:0){5}(:|$)') then regexp_replace(groups, '(^|:)0(:0){5}(:|$)', '::')
    when regexp_matches(groups, '(^|:)0(:0){4}(:|$)') then regexp_replace(groups, '(^|:)0(:0){4}(:|$)', '::')
    when regexp_matches(groups, '(^|:)0(:0){3}(:|$)') then regexp_replace(groups, '(^|:)0(:0){3}(:|$)', '::')
    when regexp_matches(groups, '(^|:)0(:0){2}(:|$)') then regexp_replace(groups, '(^|:)0(:0){2}(:|$)', '::')
    when regexp_matches(groups, '(^|:)0(:0){1}(:|$)') then regexp_replace(groups, '(^|:)0(:0){1}(:|$)', '::')
    else groups
end
