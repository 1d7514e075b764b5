import { compileProfile, type ProfileFormat } from './profile.ts';
import { CLOUD_PROFILES } from './shipped/cloud.ts';
import { GATEWAY_PROFILES } from './shipped/gateways.ts';
import { IDENTITY_PROFILES } from './shipped/identity.ts';
import { MODEL_PROFILES } from './shipped/models.ts';
import { SECURITY_PROFILES } from './shipped/security.ts';
import { WORKSPACE_PROFILES } from './shipped/workspace.ts';

/** The profiles that come with Tripcoil, ready to recognise and map. */
export const SHIPPED_PROFILES: readonly ProfileFormat[] = [
  ...GATEWAY_PROFILES,
  ...IDENTITY_PROFILES,
  ...CLOUD_PROFILES,
  ...MODEL_PROFILES,
  ...WORKSPACE_PROFILES,
  ...SECURITY_PROFILES,
].map(compileProfile);
