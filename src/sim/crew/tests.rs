use super::*;
use crate::sim::script;

fn crew() -> Crew {
    Crew::new(script::UNIT.parse().unwrap())
}

#[test]
fn the_work_follows_the_server_and_not_the_taps() {
    let mut crew = crew();
    assert!(!crew.tap(Tap::to(DispatchStatus::Accepted)), "nothing to accept");
    assert_eq!(crew.hear(&script::offer(7, 1)), Some(News::Offered));
    assert_eq!(crew.work().map(|w| (w.dispatch.no, w.status)), Some((1, DispatchStatus::Offered)));
    assert_eq!(crew.work().and_then(|w| w.scene), Some(script::scene()));
    assert!(crew.tap(Tap::to(DispatchStatus::Accepted)));
    assert_eq!(crew.work().map(|w| w.status), Some(DispatchStatus::Offered), "asked for, not known");
    assert_eq!(crew.hear(&script::step(8, 1, "dispatch.accepted")), Some(News::Moved));
    assert_eq!(crew.work().map(|w| w.status), Some(DispatchStatus::Accepted));
    assert_eq!(crew.hear(&script::step(8, 1, "dispatch.accepted")), None, "said twice");
    assert_eq!(crew.hear(&script::step(9, 1, "dispatch.recalled")), Some(News::Ended(DispatchStatus::Recalled)));
    assert_eq!(crew.work(), None);
}

#[test]
fn a_command_is_repeated_under_its_own_name_until_answered() {
    let (mut crew, start) = (crew(), UnixMs(1_000));
    crew.hear(&script::offer(7, 1));
    assert!(crew.tap(Tap::to(DispatchStatus::Accepted)));
    let first = crew.next_frame(start).unwrap();
    assert_eq!(crew.next_frame(start.plus(RESEND_MS - 1)), None);
    assert_eq!(crew.next_frame(start.plus(RESEND_MS)), Some(first.clone()));
    crew.line_lost();
    assert_eq!(crew.next_frame(start.plus(RESEND_MS + 1)), Some(first.clone()), "on the next socket at once");
    let ClientFrame::Step { command_id, .. } = first else { panic!("{first:?}") };
    assert_eq!(crew.hear(&script::reply(command_id, Some(("unavailable", 503)))), None);
    assert!(crew.next_frame(start.plus(60_000)).is_some(), "a passing failure ends nothing");
    assert_eq!(crew.hear(&script::reply(CommandId::random(), None)), None);
    assert_eq!(crew.hear(&script::reply(command_id, None)), None);
    assert_eq!(crew.next_frame(start.plus(120_000)), None);
}

#[test]
fn a_step_is_tapped_once_unless_refused() {
    let mut crew = crew();
    crew.hear(&script::offer(7, 1));
    assert!(crew.tap(Tap::to(DispatchStatus::Accepted)));
    let Some(ClientFrame::Step { command_id, .. }) = crew.next_frame(UnixMs(0)) else { panic!() };
    crew.hear(&script::reply(command_id, None));
    assert!(!crew.tap(Tap::to(DispatchStatus::Accepted)), "the answer came before the event");
    crew.hear(&script::step(8, 1, "dispatch.accepted"));
    assert!(crew.tap(Tap::to(DispatchStatus::EnRoute)));
    let Some(ClientFrame::Step { command_id, .. }) = crew.next_frame(UnixMs(0)) else { panic!() };
    let refused = crew.hear(&script::reply(command_id, Some(("transition_not_allowed", 409))));
    assert!(matches!(refused, Some(News::Refused(problem)) if problem.status == 409));
    assert!(crew.tap(Tap::to(DispatchStatus::EnRoute)));
}

#[test]
fn a_picture_replaces_what_was_known() {
    let mut crew = crew();
    crew.hear(&script::offer(7, 1));
    assert_eq!(crew.hear(&script::reset(Some((2, "en_route")))), Some(News::Moved));
    assert_eq!(crew.work().map(|w| (w.dispatch.no, w.status)), Some((2, DispatchStatus::EnRoute)));
    assert_eq!(crew.hear(&script::reset(Some((2, "en_route")))), None);
    assert_eq!(crew.hear(&script::reset(None)), Some(News::Ended(DispatchStatus::EnRoute)));
    assert_eq!(crew.hear(&script::reset(Some((3, "queued")))), None, "what waits does not hold the unit");
}

#[test]
fn an_offer_without_its_place_gets_it_later() {
    let mut crew = crew();
    assert_eq!(crew.hear(&script::step(7, 1, "dispatch.offered")), Some(News::Offered));
    assert_eq!(crew.work().map(|w| w.scene), Some(None));
    assert_eq!(crew.hear(&script::reset(Some((1, "offered")))), Some(News::SceneMoved));
    assert_eq!(crew.work().and_then(|w| w.scene), Some(script::scene()));
}

#[test]
fn the_work_of_others_is_no_news() {
    let mut other = Crew::new("BPN-M2".parse().unwrap());
    assert_eq!(other.hear(&script::offer(7, 1)), None);
    assert_eq!(other.hear(&script::step(8, 1, "dispatch.accepted")), None);
    assert_eq!(other.hear(&script::reset(Some((1, "accepted")))), None);
}
