-- Mutual aid: a scene in this city that lies so near to a neighbour may be served by the neighbour's units, metres.
-- 0: the city takes no part, it neither asks nor is asked. Two kilometres are some three minutes of an urgent ride.
ALTER TABLE area ADD COLUMN aid_m BIGINT NOT NULL DEFAULT 2000;
