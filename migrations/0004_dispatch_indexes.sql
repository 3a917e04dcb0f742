-- Each step of a dispatch reads its incident's dispatches in their order. Without the number in the index, SQLite walked
-- every dispatch that the area ever had, to save itself the sorting.
DROP INDEX dispatch_incident;
CREATE INDEX dispatch_incident ON dispatch (area, incident, no);
-- What is open in an area for its desk, and for a unit's crew: the history does not count.
CREATE INDEX dispatch_open ON dispatch (area, no)
    WHERE status IN ('queued', 'offered', 'accepted', 'en_route', 'on_scene');
CREATE INDEX dispatch_open_unit ON dispatch (unit_area, unit_sign)
    WHERE status IN ('queued', 'offered', 'accepted', 'en_route', 'on_scene');
