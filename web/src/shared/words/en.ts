import type { Same } from '../i18n.ts';
import type { id } from './id.ts';

export const en: Same<typeof id> = {
  'app.console': 'Dispatch console',
  'app.board': "Commander's board",
  'app.unit': "Officer's app",

  'login.title': 'Log in',
  'login.name': 'User name',
  'login.password': 'Password',
  'login.show': 'Show password',
  'login.go': 'Log in',
  'login.going': 'Logging in …',
  'login.out': 'Log out',

  'role.none': 'The account {name} has no role for this screen.',
  'role.other': 'Screens for this account:',
  'role.officer': 'Officer',
  'role.operator': 'Operator',
  'role.dispatcher': 'Dispatcher',
  'role.commander': 'Commander',
  'role.admin': 'Admin',

  'lang.other': 'Bahasa Indonesia',
  'theme.light': 'Light display',
  'theme.dark': 'Dark display',

  'feed.live': 'Live',
  'feed.connecting': 'Connecting …',
  'feed.reconnecting': 'Reconnecting …',
  'feed.stale': 'Standing still',
  'feed.closed': 'Disconnected',

  'lost.title': 'NOT UP TO DATE',
  'lost.since': 'Since {clock}, for {age}.',
  'lost.reconnecting': 'The connection to the server is lost. This screen is reconnecting, try {tries}.',
  'lost.stale': 'The server sends nothing, though the connection looks open.',
  'lost.late': 'Commands of yours without an answer: {count}. They are sent again once the line is back, and done once.',
  'lost.trust': 'Do not rely on this screen. Use the radio until this text is gone.',
  'lost.retry': 'Try now',

  'closed.replaced': 'This screen was opened in another, newer window.',
  'closed.revoked': 'This account or device may not be used any more. Ask an admin.',
  'closed.logged_out': 'Your session has ended. Log in again.',
  'closed.not_authorised': 'The server refuses this page. Ask an admin.',
  'closed.protocol_error': 'This page does not fit the server. Reload it.',
  'closed.refused': 'The server refuses this connection.',
  'closed.here': 'Continue here',
  'closed.reload': 'Reload',

  'connected.read': 'journal read up to number {seq}',

  'error.offline': 'The server does not answer. Check the network and try again.',
  'error.bad_login': 'Wrong user name or password.',
  'error.too_many': 'Too many tries. Try again in {seconds} seconds.',
  'error.unavailable': 'The server is busy. Try again in a moment.',
  'error.forbidden': 'Your role does not permit this.',
  'error.not_found': 'It does not exist, or lies outside your areas.',
  'error.unit_busy': 'This unit has work.',
  'error.unit_off_duty': 'This unit is off duty.',
  'error.already_assigned': 'This unit works on that incident already.',
  'error.incident_closed': 'This incident is closed.',
  'error.report_held': 'Somebody else has taken this report.',
  'error.not_on_shift': 'You are on shift at no desk.',
  'error.transition_not_allowed': 'Not possible in the present state.',
  'error.other': 'The server refused: {detail}',
};
