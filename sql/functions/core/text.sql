-- 13812345678 -> 138****5678
create or replace function anze.mask_phone(phone text) returns text immutable parallel safe strict language plpgsql as $$
begin
    return case when length(phone) >= 8 then left(phone, 3) || repeat('*', length(phone) - 7) || right(phone, 4)
                else repeat('*', length(phone)) end;
end
$$;

-- "3.5d41402abc4b": version 3, and what it shows to this caller now. If-Match looks at the version alone, as far as the dot.
create or replace function anze.etag(version integer, shown text) returns text
immutable parallel safe language plpgsql as $$
begin
    return version || '.' || left(md5(shown), 12);
end
$$;

-- The check character makes the weighted sum a multiple of 31. A migration declares it; here it is PL/pgSQL, whose plan is kept.
create or replace function anze.credit_code_is_valid(code text) returns boolean immutable parallel safe strict
language plpgsql as $$
begin
    return code ~ '^[0-9A-HJ-NP-RTUWXY]{18}$' and (
        select sum((strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(code, i, 1)) - 1)
                   * (array[1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28, 1])[i]) % 31 = 0
        from generate_series(1, 18) as i);
end
$$;

-- True of a credit code whose check character does not fit, NULL of any other: such codes have been given out and are in
-- use, so that they are taken and marked.
create or replace function anze.credit_code_mismatch(code text) returns boolean immutable parallel safe strict
language plpgsql as $$
begin
    return case when not anze.credit_code_is_valid(code) then true end;
end
$$;

-- A name as it is searched: the dot between the parts of a name (阿拉腾·其其格) is typed in many ways.
create or replace function anze.searched_name(name text) returns text immutable parallel safe strict language sql
return translate(name, '.•・．‧⋅∙･․ㆍ᛫·', '············');
