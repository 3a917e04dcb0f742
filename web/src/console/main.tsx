import '../shared/base.css';
import { openScreen, SCREENS } from '../shared/screen.tsx';
import { Console } from './console.tsx';

openScreen({ name: 'console', roles: SCREENS.console, covers: true, render: (work) => <Console work={work} /> });
