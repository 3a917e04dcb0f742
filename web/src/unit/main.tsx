import '../shared/base.css';
import './unit.css';
import { openScreen, SCREENS } from '../shared/screen.tsx';
import { Ride } from './ride.tsx';

openScreen({ name: 'unit', roles: SCREENS.unit, covers: false, render: (work) => <Ride work={work} /> });

// Opens without a network from the second time on. A new version is taken at the next opening, never in the middle of
// work. Browsers have no service worker where the page is served without TLS.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  navigator.serviceWorker.register('/sw.js', { scope: '/unit' }).catch(() => undefined);
}
