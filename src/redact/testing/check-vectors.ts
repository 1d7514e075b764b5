import { ibanLength, passesIbanCheck } from '../checks/account-numbers.ts';
import * as arithmetic from '../checks/arithmetic.ts';
import * as asia from '../checks/asia.ts';
import * as currency from '../checks/currency.ts';
import * as english from '../checks/english-speaking.ts';
import * as east from '../checks/europe-east.ts';
import * as south from '../checks/europe-south.ts';
import * as west from '../checks/europe-west.ts';
import * as latin from '../checks/latin-america.ts';
import { looksRandom } from '../checks/randomness.ts';
import * as tokens from '../checks/token-checks.ts';

/** Our check for each set of vectors of dd-sensitive-data-scanner, by its file's name. */
export const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  aba_rtn_checksum: english.isAbaRouting,
  atlassian_token_checksum: tokens.passesAtlassianCheck,
  australian_medicare_checksum: english.isAustralianMedicare,
  australian_tfn_checksum: english.isAustralianTfn,
  austrian_ssn_checksum: west.isAustrianInsuranceNumber,
  belgium_national_register_checksum: west.isBelgianNationalNumber,
  brazilian_cnpj_checksum: latin.isCnpj,
  brazilian_cpf_checksum: latin.isCpf,
  btc_checksum: currency.isBitcoin,
  bulgarian_egn_checksum: east.isBulgarianEgn,
  chinese_id_checksum: asia.isChineseId,
  coordination_number_checksum: east.isSwedishNumber,
  czech_tin_checksum: east.isCzechTaxNumber,
  dutch_bsn_checksum: west.isDutchBsn,
  dutch_passport_checksum: west.isDutchDocument,
  entropy: looksRandom,
  estonia_personal_code_checksum: east.isBalticPersonalCode,
  ethereum_checksum: currency.isEthereum,
  finnish_hetu_checksum: east.isFinnishHetu,
  france_nif_checksum: west.isFrenchTaxNumber,
  france_ssn_checksum: west.isFrenchNir,
  german_ids_checksum: west.isGermanDocument,
  german_svnr_checksum: west.isGermanPensionNumber,
  github_token_checksum: tokens.passesGitHubCheck,
  greece_amka_checksum: south.isGreekAmka,
  greece_tin_checksum: south.isGreekAfm,
  hungarian_tin_checksum: east.isHungarianTaxNumber,
  iban_checker: isIban,
  irish_pps_checksum: west.isIrishPps,
  iso_7064_checksum: passesIso7064,
  italian_national_id_checksum: south.isItalianTaxCode,
  jwt_claims_validator: tokens.hasTokenHeader,
  latvia_national_id_checksum: east.isLatvianPersonalCode,
  lithuanian_personal_identification_number_checksum: east.isBalticPersonalCode,
  luhn_checksum: arithmetic.passesLuhn,
  luxembourg_individual_nin_checksum: west.isLuxembourgNumber,
  monero_address: currency.isMonero,
  nhs_check_digit: english.isNhs,
  nir_checksum: west.isFrenchNir,
  polish_national_id_checksum: east.isPolishPesel,
  polish_nip_checksum: east.isPolishNip,
  portuguese_tax_id_checksum: south.isPortugueseNif,
  rodne_cislo_checksum: east.isBirthNumber,
  romanian_personal_numeric_code: east.isRomanianCnp,
  singapore_nric_checksum: asia.isSingaporeNric,
  slovenia_tin_checksum: south.isSlovenianTaxNumber,
  slovenian_pin_checksum: south.isSlovenianEmso,
  spain_dni_checksum: south.isSpanishDni,
  spanish_nuss_checksum: south.isSpanishNuss,
  sweden_pin_checksum: east.isSwedishNumber,
  token_efficiency: looksRandom,
  uk_nino_format_check: english.isNino,
  uk_trn_checksum: english.isUtr,
  us_dea_checksum: english.isDea,
  us_npi_checksum: english.isNpi,
  verhoeff_checksum: arithmetic.passesVerhoeff,
};

/** Sets without a check of ours, and why. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  jwt_expiration_checker: 'Holds no vectors. An expired token is still a credential to hide.',
  mod: 'Holds no vectors: it is the index of the others.',
  non_hex_checker: 'Refuses secrets in pure hexadecimal; under a credential key they count here.',
};

/** Vectors that we judge otherwise, and why. */
export const DOUBTFUL: Readonly<Record<string, readonly string[]>> = {
  // In its source these two stand under "invalid", as do the five of nir_checksum below.
  iso_7064_checksum: ['00 000 000 000.', '30405607809'],
  // ΑΜΚΑ is a plain Luhn number (ΗΔΙΚΑ; 01013099997 is its published example). These double the
  // other places, which Luhn does not.
  greece_amka_checksum: ['91031298765', '85073003360', '93050507920', '00010100017', '85073003361'],
  // In its source these five stand under "invalid"; the list here has lost the heading.
  nir_checksum: ['151024610204326', '15102461020432', '', '123', '151024610204325 1'],
};

function isIban(text: string): boolean {
  const value = arithmetic.compact(text);
  return value.length === ibanLength(value.slice(0, 2)) && passesIbanCheck(value);
}

/** MOD 11,10 and MOD 11-2 share a file; the length tells which is meant. */
function passesIso7064(text: string): boolean {
  if (/[^\d\sXx_./-]/.test(text)) return false;
  const value = arithmetic.compact(text);
  return value.length === 18
    ? arithmetic.passesMod11and2(value)
    : arithmetic.passesMod11and10(value);
}
