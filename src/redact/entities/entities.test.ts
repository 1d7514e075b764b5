import { describe, expect, it } from 'vitest';
import { HINT } from '../hit.ts';
import { scanText } from '../scanner.ts';
import { createRandom } from '../testing/values.ts';
import { REGIONS, recognisersOf, SHAPED_ENTITIES } from './recognisers.ts';

/** One value of each entity that stands without a word, as its authority prints it. */
const BARE: Readonly<Record<string, string>> = {
  bitcoin_address: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  ethereum_address: '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  imei: '49-015420-323751-8',
  iccid: '8944501104169548380',
  mac_address: '00-1B-44-11-3A-B7',
  gb_nino: 'AB 12 34 56 C',
  gb_driving_licence: 'MORGA657054SM9IJ',
  gb_postcode: 'EC1A 1BB',
  de_pension_number: '15070649C103',
  fr_nir: '2 69 05 49 588 157 80',
  es_dni: 'X1234567L',
  it_tax_code: 'RSSMRA85T10A562S',
  be_national_number: '85.07.30-033.28',
  ch_ahv: '756.9217.0769.85',
  lu_national_number: '1990093012358',
  cz_birth_number: '710319/2745',
  fi_hetu: '131052-308T',
  se_personnummer: '811228-9874',
  us_mbi: '1EG4-TE5-MK73',
  br_cpf: '012.345.678-90',
  br_cnpj: '00.623.904/0001-73',
  mx_curp: 'HEGG560427MVZRRL04',
  ar_cuit: '20-05536168-2',
  cl_rut: '12.531.909-2',
  in_aadhaar: '2341 2341 2346',
  in_pan: 'ABCPE1234F',
  in_gstin: '27AAPFU0939F1ZV',
  sg_nric: 'S6859080I',
  cn_resident_id: '513231200012121657',
  hk_identity_card: 'A123456(3)',
  tw_identity_card: 'A123456789',
  kr_rrn: '971013-9019902',
  kr_brn: '120-81-47521',
  th_identity_card: '1-1002-00008-44-4',
  ae_emirates_id: '784-1968-6570305-0',
  monero_address:
    '44AFFq5kSiGBoZ4NMDwYtN18obc8AemS33DBLWs3H7otXft3XjrpDtQGv7SqSsaBYBb98uNbr2VB' +
    'BEt7f2wfn3RVGQBEP3A',
};

/** One value of each entity that needs a word beside it. */
const NAMED: Readonly<Record<string, string>> = {
  bic: 'SWIFT: DEUTDEFF500',
  imsi: 'imsi 310150123456789',
  vin: 'VIN 1M8GDM9AXKP042788',
  geo_coordinate: 'lat=52.520008',
  birth_date: 'born on 3 March 1980',
  medical_record_number: 'MRN: 00483920',
  gb_nhs: 'NHS 943 476 5919',
  gb_utr: 'UTR 1123456789',
  gb_sort_code: 'sort code 20-00-00',
  de_tax_id: 'Steuer-ID 86 095 742 719',
  de_health_number: 'Krankenversichertennummer A123456780',
  de_identity_card: 'Personalausweis T220001293D',
  fr_tax_number: 'numéro fiscal 30 23 217 600 053',
  fr_siret: 'SIRET 732 829 320 00074',
  es_cif: 'CIF A58818501',
  es_nuss: 'NUSS 281234567840',
  it_vat: 'partita IVA 00743110157',
  nl_bsn: 'BSN 111222333',
  nl_document: 'paspoortnummer XR1001R58',
  at_insurance_number: 'SVNR 1237 010180',
  ie_pps: 'PPSN 1234567FA',
  pt_nif: 'contribuinte 581348915',
  gr_afm: 'AFM 094259216',
  gr_amka: 'AMKA 01013099997',
  hr_oib: 'OIB 33392005961',
  si_emso: 'EMŠO 0101006500006',
  si_tax_number: 'davčna 15012557',
  tr_identity_number: 'TC Kimlik 10000000146',
  bg_egn: 'EGN 7523169263',
  ee_lt_personal_code: 'isikukood 38507300337',
  lv_personal_code: 'personas kods 121282-11210',
  hu_tax_number: 'adóazonosító 8234567896',
  hu_insurance_number: 'TAJ 111 111 110',
  pl_pesel: 'PESEL 44051401359',
  pl_nip: 'NIP 392-862-19-31',
  pl_regon: 'REGON 123456785',
  ro_cnp: 'CNP 1800101221144',
  dk_cpr: 'CPR 211062-5629',
  no_national_number: 'fødselsnummer 15108695088',
  is_kennitala: 'kennitala 120174-3399',
  eu_vat: 'VAT DE136695976',
  us_ein: 'EIN 91-1144442',
  us_aba_routing: 'routing 121000248',
  us_npi: 'NPI 1234567893',
  us_dea: 'DEA FS1234563',
  us_passport: 'passport no. 340020013',
  us_driver_licence: "driver's license D123-4567-8901",
  us_bank_account: 'account number 000123456789',
  us_zip: 'zip 94107-1234',
  ca_sin: 'SIN 046 454 286',
  mx_rfc: 'RFC GODE561231GR8',
  mx_clabe: 'CLABE 032180000118359719',
  ar_cbu: 'CBU 2850590940090418135201',
  co_nit: 'NIT 213.123.432-1',
  in_epic: 'voter id ABC1234567',
  sg_uen: 'UEN 201912345K',
  au_tfn: 'TFN 907 974 668',
  au_abn: 'ABN 51 824 753 556',
  au_acn: 'ACN 004 085 616',
  au_medicare: 'medicare 6216 79575 9',
  nz_ird: 'IRD 49-091-850',
  jp_my_number: 'my number 1234 5678 9018',
  ph_tin: 'TIN 123-456-789-000',
  il_identity_number: 'teudat zehut 039337423',
  za_identity_number: 'SA ID 8001015009087',
  ng_nin: 'NIN 12345678901',
};

/** What goes on behind a value: no letter of it, and no digit. */
const FOLLOWING = [', done', ' was given', '. It was', ': given', '/given', '.given', ''];

describe('the entity table', () => {
  it('has an example of every entity, in one list or the other', () => {
    const examples = [...Object.keys(BARE), ...Object.keys(NAMED)].sort();
    expect(examples).toEqual(SHAPED_ENTITIES.map(({ id }) => id).sort());
  });

  it.each(Object.entries(BARE))('finds %s without a word, whatever follows', (id, value) => {
    for (const next of FOLLOWING) {
      expect([next, found(`as given: ${value}${next}`)]).toEqual([next, [`${id} ${value}`]]);
    }
  });

  it.each(Object.entries(BARE).filter(([, value]) => !value.includes('/')))(
    'finds %s in paths',
    (id, value) => {
      for (const [before, after] of [
        ['https://api.example.net/v1/people/', '/edit?full=1'],
        ['crm://accounts/', ''],
        ['/srv/reports/', '.csv'],
      ]) {
        expect([before, found(`${before}${value}${after}`)]).toEqual([before, [`${id} ${value}`]]);
      }
    },
  );

  it.each(Object.entries(NAMED))('finds %s beside its word, whatever follows', (_, text) => {
    for (const next of FOLLOWING) {
      const [hit] = scanText(`${text}${next}`, HINT.none).hits;
      const value = hit === undefined ? '' : `${text}${next}`.slice(hit.start, hit.end);
      expect(hit?.type).not.toBe('secret');
      expect(text.endsWith(value) && value.length >= 5, `${text}${next} gave ${value}`).toBe(true);
    }
  });

  it('leaves out the regions that were not chosen', () => {
    expect(REGIONS.length).toBeGreaterThan(30);
    const context = { recognisers: recognisersOf(['DE']), keyWords: [] };
    const ids = (text: string) => scanText(text, HINT.none, context).hits.map(({ label }) => label);
    expect(ids('cpf 012.345.678-90')).toEqual([]);
    expect(ids('Rente 15070649C103, 00-1B-44-11-3A-B7')).toEqual([
      'de_pension_number',
      'mac_address',
    ]);
  });

  it('believes the words of a key', () => {
    const context = { recognisers: recognisersOf(null), keyWords: ['customer', 'tax', 'id'] };
    expect(scanText('86095742719', HINT.none, context).hits[0]?.label).toBe('de_tax_id');
    expect(scanText('86095742719', HINT.none).hits).toEqual([]);
  });

  it('lets few wrong digits pass a check', () => {
    const random = createRandom(5);
    for (const { id, check } of SHAPED_ENTITIES) {
      const value = BARE[id];
      if (check === undefined || value === undefined || WITHOUT_DIGIT_CHECK.has(id)) continue;
      let passed = 0;
      for (let round = 0; round < 200; round++) {
        passed += check(value.replaceAll(/\d/g, () => String(random.int(10)))) ? 1 : 0;
      }
      expect(passed, id).toBeLessThan(60);
    }
  });
});

/** Shapes and alphabets alone: most digits will do. */
const WITHOUT_DIGIT_CHECK = new Set(['gb_nino', 'mac_address', 'us_mbi', 'in_pan', 'kr_rrn']);

function found(text: string): readonly string[] {
  return scanText(text, HINT.none).hits.map(
    (hit) => `${hit.label} ${text.slice(hit.start, hit.end)}`,
  );
}
