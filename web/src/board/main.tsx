import '../shared/base.css';
import { openScreen, SCREENS } from '../shared/screen.tsx';
import { Board } from './board.tsx';

openScreen({ name: 'board', roles: SCREENS.board, covers: true, render: (work) => <Board work={work} /> });
