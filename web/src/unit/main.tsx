import '../shared/base.css';
import './unit.css';
import { openScreen, SCREENS } from '../shared/screen.tsx';
import { Ride } from './ride.tsx';

openScreen({ name: 'unit', roles: SCREENS.unit, covers: false, render: (work) => <Ride work={work} /> });
