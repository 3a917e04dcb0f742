import '../shared/base.css';
import { openScreen, SCREENS } from '../shared/screen.tsx';
import { Board } from './board.tsx';
import { halted } from './state/live.ts';

openScreen({ name: 'board', roles: SCREENS.board, covers: true, halted, render: (work) => <Board work={work} /> });
