import { compileProfile, type ProfileFormat } from './profile.ts';
import { AGENTGATEWAY_PROFILE } from './shipped/agentgateway.ts';
import { ANTHROPIC_PROFILE } from './shipped/anthropic.ts';
import { APPOMNI_PROFILE } from './shipped/appomni.ts';
import { ASANA_PROFILE } from './shipped/asana.ts';
import { ATLASSIAN_PROFILE } from './shipped/atlassian.ts';
import { AUTH0_PROFILE } from './shipped/auth0.ts';
import { AXONIUS_PROFILE } from './shipped/axonius.ts';
import { AZURE_ACTIVITY_PROFILE } from './shipped/azure-activity.ts';
import { AZURE_APIM_PROFILE } from './shipped/azure-apim.ts';
import { BEDROCK_PROFILE } from './shipped/bedrock.ts';
import { BOX_PROFILE } from './shipped/box.ts';
import { CARBONBLACK_AUDIT_PROFILE } from './shipped/carbonblack-audit.ts';
import { CLOUDFLARE_MCP_PROFILE } from './shipped/cloudflare-mcp.ts';
import { CROWDSTRIKE_EVENTS_PROFILE } from './shipped/crowdstrike-events.ts';
import { CROWDSTRIKE_FDR_PROFILE } from './shipped/crowdstrike-fdr.ts';
import { DATABRICKS_PROFILE } from './shipped/databricks.ts';
import { DOCUSIGN_PROFILE } from './shipped/docusign.ts';
import { DROPBOX_PROFILE } from './shipped/dropbox.ts';
import { DUO_ADMINISTRATOR_PROFILE } from './shipped/duo-administrator.ts';
import { DUO_AUTHENTICATION_PROFILE } from './shipped/duo-authentication.ts';
import { ENTRA_PROFILE } from './shipped/entra.ts';
import { ENVOY_PROFILE } from './shipped/envoy.ts';
import { GCP_AUDIT_PROFILE } from './shipped/gcp-audit.ts';
import { GITHUB_AUDIT_PROFILE } from './shipped/github-audit.ts';
import { GITHUB_WEBHOOK_PROFILE } from './shipped/github-webhook.ts';
import { GOOGLE_WORKSPACE_PROFILE } from './shipped/google-workspace.ts';
import { INTUNE_PROFILE } from './shipped/intune.ts';
import { KONG_PROFILE } from './shipped/kong.ts';
import { MICROSOFT365_PROFILE } from './shipped/microsoft365.ts';
import { MONGODB_ATLAS_PROFILE } from './shipped/mongodb-atlas.ts';
import { NETSKOPE_PROFILE } from './shipped/netskope.ts';
import { NOTION_PROFILE } from './shipped/notion.ts';
import { OKTA_PROFILE } from './shipped/okta.ts';
import { ONELOGIN_PROFILE } from './shipped/onelogin.ts';
import { ONEPASSWORD_PROFILE } from './shipped/onepassword.ts';
import { OPENAI_PROFILE } from './shipped/openai.ts';
import { PANTHER_PROFILE } from './shipped/panther.ts';
import { PROOFPOINT_PROFILE } from './shipped/proofpoint.ts';
import { PUSH_PROFILE } from './shipped/push.ts';
import { S3_ACCESS_PROFILE } from './shipped/s3-access.ts';
import { SALESFORCE_PROFILE } from './shipped/salesforce.ts';
import { SENTINELONE_PROFILE } from './shipped/sentinelone.ts';
import { SLACK_PROFILE } from './shipped/slack.ts';
import { SNOWFLAKE_GRANTS_PROFILE } from './shipped/snowflake-grants.ts';
import { SNOWFLAKE_LOGIN_PROFILE } from './shipped/snowflake-login.ts';
import { SNOWFLAKE_QUERY_PROFILE } from './shipped/snowflake-query.ts';
import { SNYK_PROFILE } from './shipped/snyk.ts';
import { SUBLIME_PROFILE } from './shipped/sublime.ts';
import { TINES_PROFILE } from './shipped/tines.ts';
import { WINDOWS_PROFILE } from './shipped/windows.ts';
import { WIZ_PROFILE } from './shipped/wiz.ts';
import { ZENDESK_PROFILE } from './shipped/zendesk.ts';
import { ZOOM_PROFILE } from './shipped/zoom.ts';
import { ZSCALER_PROFILE } from './shipped/zscaler.ts';

/** The profiles that come with Tripcoil, ready to recognise and map. */
export const SHIPPED_PROFILES: readonly ProfileFormat[] = [
  ENVOY_PROFILE,
  KONG_PROFILE,
  CLOUDFLARE_MCP_PROFILE,
  AZURE_APIM_PROFILE,
  AGENTGATEWAY_PROFILE,
  OKTA_PROFILE,
  AUTH0_PROFILE,
  ONELOGIN_PROFILE,
  DUO_AUTHENTICATION_PROFILE,
  DUO_ADMINISTRATOR_PROFILE,
  ENTRA_PROFILE,
  MICROSOFT365_PROFILE,
  GCP_AUDIT_PROFILE,
  AZURE_ACTIVITY_PROFILE,
  BEDROCK_PROFILE,
  S3_ACCESS_PROFILE,
  SNOWFLAKE_LOGIN_PROFILE,
  SNOWFLAKE_QUERY_PROFILE,
  SNOWFLAKE_GRANTS_PROFILE,
  DATABRICKS_PROFILE,
  MONGODB_ATLAS_PROFILE,
  ANTHROPIC_PROFILE,
  OPENAI_PROFILE,
  GOOGLE_WORKSPACE_PROFILE,
  SLACK_PROFILE,
  NOTION_PROFILE,
  ASANA_PROFILE,
  BOX_PROFILE,
  DROPBOX_PROFILE,
  ZOOM_PROFILE,
  ZENDESK_PROFILE,
  ATLASSIAN_PROFILE,
  DOCUSIGN_PROFILE,
  SALESFORCE_PROFILE,
  TINES_PROFILE,
  ONEPASSWORD_PROFILE,
  GITHUB_AUDIT_PROFILE,
  GITHUB_WEBHOOK_PROFILE,
  WIZ_PROFILE,
  SNYK_PROFILE,
  ZSCALER_PROFILE,
  NETSKOPE_PROFILE,
  CARBONBLACK_AUDIT_PROFILE,
  CROWDSTRIKE_EVENTS_PROFILE,
  CROWDSTRIKE_FDR_PROFILE,
  SENTINELONE_PROFILE,
  PANTHER_PROFILE,
  SUBLIME_PROFILE,
  AXONIUS_PROFILE,
  PUSH_PROFILE,
  INTUNE_PROFILE,
  WINDOWS_PROFILE,
  APPOMNI_PROFILE,
  PROOFPOINT_PROFILE,
].map(compileProfile);
