import { render } from 'preact';
import { App } from './app.tsx';
import { applyPreferences } from './state/preferences.ts';
import { followAddress } from './state/router.ts';
import { startLive } from './state/store.ts';
import './styles/index.css';

const root = document.getElementById('app');
if (root === null) throw new Error('index.html lacks #app');

applyPreferences(document.documentElement);
followAddress(() => {
  scrollTo(0, 0);
  document.getElementById('main')?.focus({ preventScroll: true });
});
document.addEventListener('keydown', (event) => {
  const typing = (event.target as HTMLElement | null)?.closest('input, select, textarea');
  if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  document.getElementById('find')?.focus();
});
startLive();
render(<App />, root);
