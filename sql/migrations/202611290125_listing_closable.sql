-- anze: after-functions
-- Closure is proposed by the grounds of article 113, which a step names: what asked only for lateness, a stop or a failed
-- review is gone, where no document of the city's own names it.
delete from anze.case_hook h
where (h.sort, h.code) = ('guard', 'listing_closable')
    and not exists (select from anze.case_action a where 'listing_closable' = any (a.guards));
