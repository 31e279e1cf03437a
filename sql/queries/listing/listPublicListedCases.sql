select p.items, p.next
from anze.public_listed_cases(
    case when :after_1::text is null then 'infinity' else :after_1 end::timestamptz,
    case when :after_2::text is null then repeat('f', 32) else :after_2 end::uuid,
    :region, --? region
    null, --? !region
    :category, --? category
    null, --? !category
    :limit::int) p
