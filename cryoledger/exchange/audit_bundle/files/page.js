"use strict";
// Verifies an audit bundle of cryoledger in the browser. Everything that is read is hostile: it becomes text, never
// markup. Three parts: reading and checking; what the entries say of each thing; what the page shows.

const EPOCH = 2 ** 40;
const FIELDS = "data id occurred_at recorded_at rules schema signers station type";
const NAME = /^[^\s+\x00-\x1f]{1,255}$/;
const TIME = /^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}Z$/;
const UUID7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ROLES = { t: "technician", q: "quality officer", p: "pharmacist", c: "clinician", w: "witness", u: "auditor",
  a: "administrator" };
const HELD = /^([^\s+]+\n[0-9]+\n\S+\n\n(?:— [^\n]+\n)+)/gmu;  // a checkpoint, in whatever holds it
const APART = new Set(["proposal", "late", "typed", "document"]);  // where an act may differ from its proposal
const STATIONLESS = ["VaultCreated", "LedgerRestored", "AdministratorRecovered"];
const STAFF = new Set(["technician", "quality officer", "pharmacist", "clinician", "witness"]);
// Who signs which event: `meaning:roles`, `?` where the line may be absent, `=field` where the new key of that field
// signs, `@station` and `@recovery` for those keys. `*`: the first person may sign a proposal as an entry of its own.
const SIGNING = `
abandoned:qt = ImportAbandoned; accepted:q approved:a = SiteTrusted; administered:c witnessed:cpw =
AdministrationCompleted BedsideCheckPassed; adopted:q = RulebookAdopted; approved:q = ConsentWithdrawn
DonorEligibilityDecided ProductDefined; approved:q witnessed:cpqtw = DeviationRecorded*; cancelled:c = OrderCancelled;
changed:acpqtuw = PinChanged; completed:qt = ImportCompleted; confirmed:pqt = ShipmentConfirmed; consumed:qt =
VialsConsumed; corrected:a witnessed:cpqtw = ClockCorrected; corrected:q = AttributionCorrected LotExpiryCorrected
QuantityCorrected ScreeningCorrected TestResultCorrected; corrected:q confirmed:c = AdministrationCorrected;
corrected:q witnessed:cpqtw = FinalStateCorrected*; corrected:qt = PositionCorrected; created=administrator_key
accepted=station_key accepted=log_key accepted=recovery_key = VaultCreated; discarded:cpt witnessed:cpqtw =
DoseDiscarded*; discarded:pqt witnessed:cpqtw = VialsDiscarded*; forgotten:a approved:q = IdentityForgotten;
granted:acq accepted:cq = IdentityReaderGranted; handed_over:pt received:cpw = DoseHandedOver; held:q = HoldPlaced;
imported:qt = ImportBegun; issued:a approved:aq = LogKeyReplaced RoleGranted*; issued:a approved:aq accepted=key =
KeyReplaced; issued:a approved:aq? accepted=key = KeyIssued StationEnrolled; issued:p witnessed:cpqtw received:cpqtw?
= VialsIssued; lifted:q = HoldLifted; observed@station = AlarmRaised ClockStepped KeyLocked PinRefused RequestRefused
RestoreFound StationLocked; ordered:c = OrderPlaced; performed:acpqtuw = PersonSignedIn PersonSignedOut; performed:p =
ReservationReleased VialsReserved; performed:pt = BoxChecked StorageUnitMoved StorageUnitReturned StorageUnitTakenOut
VialLabelReplaced VialTubeBound VialTubeUnbound VialsFound VialsLabelled VialsMoved VialsReportedMissing VialsReturned
VialsStored VialsTakenOut VialsTransferred; performed:qt = ImportPartRecorded ImportPartWithdrawn; prepared:pt =
DosePrepared; read:cq = IdentityShown; reaffirmed:aq = EntriesReaffirmed; recalled:q = RecallIssued; received:pt =
VialsReceived; recorded:c = FollowUpRecorded; recorded:cq = IdentityRecorded; recorded:qt = ConsentRecorded
DonationCollected DonorRegistered DonorScreened ExcursionRecorded LotFilled LotRegistered TestResultsRecorded;
recovered@recovery accepted=key = AdministratorRecovered; refused:pt approved:q = ShipmentRefused*; registered:cp =
PatientBandAdded PatientRegistered; rejected:q = LotRejected; released:q = ImportedLotsReleased LotReleased
ReceivedLotsReleased; released:q requested:cp = LotConditionallyReleased*; reported:cpq = AdverseEventReported;
restored:a approved:q = LedgerRestored; retired:a = StationRetired; retired:at = StorageUnitRetired; returned:pt
approved:q = IssuedVialsReturned*; revoked:aq = KeyRevoked; sampled:pt = SampleTaken; set:a = SettingChanged;
set_up:at = StorageUnitAdded; shipped:pt = VialsShipped; thawed:pt = VialsThawed; verified:pqt = ShipmentAnnounced;
wasted:pt witnessed:cpqtw = RemaindersWasted*; withdrawn:aq = IdentityReaderWithdrawn RoleWithdrawn SiteTrustWithdrawn
`;

class Broken extends Error {}
const need = (holds, message) => { if (!holds) throw new Broken(message); };
const utf8 = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decode(bytes) {
  try { return strict.decode(bytes); } catch { throw new Broken("not valid UTF-8"); }
}
function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { whole.set(part, at); at += part.length; }
  return whole;
}
const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const b64 = (bytes) => btoa(String.fromCharCode(...bytes));
function unb64(text) {
  let raw = "";
  try { raw = atob(text); } catch { /* judged below */ }
  need(raw && btoa(raw) === text, "not canonical base64: " + text.slice(0, 50));
  return Uint8Array.from(raw, (character) => character.charCodeAt(0));
}
function decimal(text) {
  need(/^(0|[1-9][0-9]{0,15})$/.test(text), "not a canonical decimal: " + text.slice(0, 30));
  return Number(text);
}
function big(number) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(number));
  return bytes;
}
const shown = (number) => number < EPOCH ? String(number) : `${Math.floor(number / EPOCH) + 1}/${number % EPOCH}`;

// Notes and keys

function parseNote(bytes) {
  need(!bytes.some((byte) => byte < 32 && byte !== 10), "a control character in a note");
  const whole = decode(bytes);
  const cut = whole.lastIndexOf("\n\n");
  need(cut >= 0 && whole.endsWith("\n") && whole.length > cut + 2, "a note without signature lines");
  const lines = whole.slice(cut + 2, -1).split("\n").map((line) => {
    const found = /^— ([^\s+]+) (\S+)$/u.exec(line);
    need(found, "no signature line: " + line.slice(0, 50));
    const raw = unb64(found[2]);
    need(raw.length > 4, "a signature line without a signature");
    return { name: found[1], id: hex(raw.subarray(0, 4)), signature: raw.slice(4) };
  });
  const text = whole.slice(0, cut + 1);
  return { text, bytes: utf8.encode(text), lines };
}

const P = 2n ** 255n - 19n;
const mod = (n) => ((n % P) + P) % P;
function power(base, exponent) {
  let result = 1n;
  for (base = mod(base); exponent; exponent >>= 1n) {
    if (exponent & 1n) result = result * base % P;
    base = base * base % P;
  }
  return result;
}
const inverse = (n) => power(n, P - 2n);
function checkPoint(bytes) {
  // A canonical point of high order (RFC 8032, 5.1.3 and 5.1.4).
  let number = 0n;
  for (let at = 31; at >= 0; at--) number = number << 8n | BigInt(bytes[at]);
  const d = mod(-121665n * inverse(121666n)), sign = number >> 255n;
  let y = number & (2n ** 255n - 1n);
  const square = mod((y * y - 1n) * inverse(d * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (x * x % P !== square) x = x * power(2n, (P - 1n) / 4n) % P;
  need(y < P && x * x % P === square && !(x === 0n && sign), "a public key is no canonical point of the curve");
  for (let times = 0; times < 3; times++) {
    const k = d * x * x % P * y * y % P;
    [x, y] = [2n * x * y * inverse(1n + k) % P, mod((y * y + x * x) * inverse(1n - k))];
  }
  need(!(x === 0n && y === 1n), "a public key is of low order");
}

class Key {
  static async of(text) {
    const key = new Key(), [name, id, ...rest] = String(text).split("+");
    const raw = unb64(rest.join("+"));
    Object.assign(key, { text, name, id, raw, algorithm: raw[0], code: b64(raw) });
    need(await key.idAs(name) === id, `the key of ${name} has another ID`);
    need(raw.length === { 1: 33, 4: 33, 6: 1313 }[raw[0]], `the key of ${name} is of no known kind`);
    if (raw[0] !== 6) {
      checkPoint(raw.subarray(1));
      key.imported = await crypto.subtle.importKey("raw", raw.slice(1), { name: "Ed25519" }, false, ["verify"]);
    }
    return key;
  }
  async idAs(name) { return hex((await sha256(utf8.encode(name + "\n"), this.raw)).subarray(0, 4)); }
  async verify(bytes, signature) {
    let message = bytes;
    if (this.algorithm === 4) {
      need(signature.length === 72, `the signature of ${this.name} has a wrong length`);
      const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
      message = join(utf8.encode(`cosignature/v1\ntime ${time}\n`), bytes);
      signature = signature.slice(8);
    }
    const fits = signature.length === 64 && await crypto.subtle.verify("Ed25519", this.imported, signature, message);
    need(fits, `the signature of ${this.name} does not fit the text`);
  }
}

// Entries, and who may sign them

function canonical(value, depth = 0) {
  need(depth <= 32, "the JSON is too deep");
  if (typeof value === "number") {
    need(Number.isSafeInteger(value), "the JSON holds a number that is no integer, or one that is too large");
  } else if (typeof value === "string") {
    need(value.isWellFormed ? value.isWellFormed() : !/\p{Surrogate}/u.test(value), "a lone surrogate in the JSON");
  } else if (Array.isArray(value)) {
    return `[${value.map((part) => canonical(part, depth + 1)).join(",")}]`;
  } else if (value !== null && typeof value === "object") {
    const keys = Object.keys(value).sort();
    need(keys.every((key) => /^[\x00-\x7f]*$/.test(key)), "a key of the JSON is not ASCII");
    return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key], depth + 1)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}

function parseEntry(bytes) {
  need(bytes.length <= 65535, "an entry is too long");
  const note = parseNote(bytes), lines = note.text.split("\n");
  need(lines.length === 6 && lines[0] === "cryoledger/entry/v1", "not the five lines of an entry");
  let said;
  try { said = JSON.parse(lines[4]); } catch { throw new Broken("the event is not JSON"); }
  need(canonical(said) === lines[4], "the JSON is not in its one canonical form");
  need(said && Object.keys(said).sort().join(" ") === FIELDS, "the event has not exactly its nine fields");
  const sequence = decimal(lines[2]), previous = unb64(lines[3]), zero = previous.every((byte) => byte === 0);
  need(previous.length === 32 && zero === (sequence === 0), "zero bytes before entry 0, and only there");
  for (const time of [said.recorded_at, said.occurred_at]) {
    need(TIME.test(time) && !isNaN(Date.parse(time)) && new Date(time).toISOString() === time, "a time of another form");
  }
  const waited = Date.parse(said.recorded_at) - Date.parse(said.occurred_at);
  need(waited >= 0, "recorded before it occurred");
  need(waited <= 600_000 || said.data?.late, "recorded late, with no reason why");
  for (const number of [said.rules, said.schema]) need(Number.isInteger(number) && number > 0, "rules and schema are numbers from 1");
  need(UUID7.test(said.id) && /^[A-Z][A-Za-z0-9]{0,63}$/.test(said.type), "an id or a type of another form");
  need(typeof said.id === "string" && typeof said.station === "string" && said.station, "no station");
  const people = Array.isArray(said.signers) ? said.signers : [];
  need(people.every((one) => one && Object.keys(one).sort().join() === "meaning,name" && one.meaning
    && typeof one.meaning === "string"), "a signer of another form");
  need([lines[1], ...people.map((one) => one.name)].every((name) => NAME.test(name)), "no name");
  need(people.length === note.lines.length && people.every((one, at) => one && one.name === note.lines[at].name),
    "the signature lines are not of those whom the text names");
  need(people.length && new Set(people.map((one) => one.name)).size === people.length, "nobody signs, or one name twice");
  need(said.data && typeof said.data === "object" && !Array.isArray(said.data), "the event's data is no object");
  return { ...said, origin: lines[1], sequence, previous, note };
}

function readTable() {
  const table = new Map();
  for (const row of SIGNING.trim().replace(/\s+/g, " ").split("; ")) {
    const [wanted, types] = row.split(" = ");
    const lines = wanted.split(" ").map((part) => {
      const [, meaning, roles, optional, field, special] =
        /^([a-z_]+)(?::(\w+))?(\?)?(?:=(\w+))?(?:@(\w+))?$/.exec(part);
      return { meaning: meaning.replace("_", " "), roles: new Set([...(roles || "")].map((each) => ROLES[each])),
        optional, field, special };
    });
    for (const name of types.split(" ")) {
      table.set(name.replace("*", ""), lines);
      if (name.endsWith("*")) table.set(name.slice(0, -1) + "Proposed", [{ ...lines[0], meaning: "proposed" }]);
    }
  }
  return table;
}

class Ledger {
  // Keys and roles, as the entries so far have them.
  constructor() {
    this.table = readTable();
    this.keys = new Map();
    this.people = new Map();
    this.stations = new Map();
    this.recovery = new Map();
    this.log = [];
    this.owners = new Map();  // of every key that was ever enrolled
    this.enrolments = this.rules = 0;
    this.proposals = new Map();
    this.restores = new Map();
    this.remarks = [];
  }
  async key(text) {
    if (!this.keys.has(text)) this.keys.set(text, await Key.of(text));
    return this.keys.get(text);
  }
  async enrol(name, text, again = false) {
    const key = await this.key(text);
    need(key.name === name, `the new key is of ${key.name}, not of ${name}`);
    need(!this.owners.has(key.code), `the key of ${name} was enrolled before, for ${this.owners.get(key.code)}`);
    need(again || ![...this.owners.values()].includes(name), `the name ${name} has signed before`);
    this.owners.set(key.code, name);
    return key;
  }
  expected(entry) {
    need(this.table.has(entry.type), "an event of an unknown type, " + String(entry.type).slice(0, 40));
    let lines = this.table.get(entry.type);
    const said = entry.signers.map((one) => one.meaning);
    if (entry.data.proposal != null) lines = lines.slice(1);
    const may = entry.type === "VialsIssued" ? entry.data.receiver == null : this.enrolments === 0;
    lines = lines.filter((line) => !(line.optional && may && !said.includes(line.meaning)));
    if (said.at(-1) === "countersigned" && entry.data.late != null) lines = [...lines, { meaning: "countersigned", roles: STAFF }];
    const wanted = lines.map((line) => line.meaning);
    need(wanted.join("|") === said.join("|"), `${entry.type} is signed as ${wanted.join(", ")}, not as ${said.join(", ")}`);
    return lines;
  }
  async signer(entry, name, line) {
    if (line.field) {
      const key = await this.key(entry.data[line.field]);
      need(key.name === name, `the new key is of ${key.name}, not of ${name}`);
      return key;
    }
    if (line.special) {
      need(line.special === "recovery" || name === entry.station, `${name} signs what another station observed`);
      const key = (line.special === "station" ? this.stations : this.recovery).get(name);
      need(key, `${name} is no valid ${line.special} key`);
      return key;
    }
    const person = this.people.get(name);
    need(person, `nobody is enrolled as ${name}`);
    need(person.status === "active", `the key of ${name} is ${person.status}`);
    need([...line.roles].some((role) => person.roles.has(role)), `${name} holds no role that signs this ${entry.type}`);
    return person.key;
  }
  async signatures(entry) {
    // The key of each line as of this entry; what verifies them may run later.
    const lines = this.expected(entry), jobs = [], { station } = entry;
    need(STATIONLESS.includes(entry.type) || this.stations.has(station) || entry.data.station === station,
      `the station ${station} is not enrolled`);
    for (const [at, line] of entry.note.lines.entries()) {
      const key = await this.signer(entry, line.name, lines[at]);
      need(key.algorithm === 1 && key.id === line.id, `${line.name} signed with another key than the valid one`);
      jobs.push([key, line.signature]);
    }
    const proposal = entry.data.proposal;
    if (proposal != null) {
      const known = this.proposals.get(proposal.number);
      this.proposals.delete(proposal.number);
      need(known && known.type === entry.type && known.leaf === proposal.leaf_hash, "no such proposal is open");
      const act = (data) => canonical(Object.fromEntries(Object.entries(data).filter(([name]) => !APART.has(name))));
      need(act(known.act) === act(entry.data) && entry.recorded_at < known.until, "the proposal was of another act, or has expired");
      need(!entry.signers.some((one) => one.name === known.name), "who proposed cannot be the second person");
      need(this.people.get(known.name).status === "active", `the key of ${known.name}, who proposed it, is no longer valid`);
    }
    return jobs;
  }
  async apply(entry, number, leaf) {
    const { data, type } = entry;
    const person = async (who, key, roles) => {
      this.people.set(who.name, { key: await this.enrol(who.name, key), roles: new Set(roles), status: "active", full: who.full_name });
    };
    if (["KeyIssued", "StationEnrolled", "AdministratorRecovered"].includes(type)) this.enrolments++;
    if (type === "VaultCreated" || type === "LogKeyReplaced") {
      const found = [];
      for (const text of [data.log_key, data.log_key_ml_dsa]) found.push(await this.enrol((await this.key(text)).name, text, true));
      this.log = found;
    }
    if (type === "VaultCreated") {
      this.zone = data.zone;
      this.training = data.training;
      this.rules = entry.rules;
      await person(data.administrator, data.administrator_key, ["administrator"]);
      this.stations.set(entry.station, await this.enrol(entry.station, data.station_key));
      const recovery = await this.key(data.recovery_key);
      this.recovery.set(recovery.name, await this.enrol(recovery.name, recovery.text));
    } else if (type === "KeyIssued") {
      await person(data.person, data.key, data.roles);
    } else if (type === "AdministratorRecovered") {
      await person(data.person, data.key, ["administrator"]);
      this.remarks.push({ number, text: `THE RECOVERY KEY enrolled ${data.person.name}` });
    } else if (type === "KeyReplaced") {
      Object.assign(this.people.get(data.person), { key: await this.enrol(data.person, data.key, true), status: "active" });
    } else if (type === "RulebookAdopted") {
      this.rules = data.rulebook;
    } else if (type === "RestoreFound" || type === "LedgerRestored") {
      const by = type === "LedgerRestored" ? number : null;
      this.restores.set(number - number % EPOCH, { lost: data.lost_from, to: data.lost_to ?? Infinity, by });
    } else if (type === "RoleGranted") {
      this.people.get(data.person).roles.add(data.role);
    } else if (type === "RoleWithdrawn") {
      this.people.get(data.person).roles.delete(data.role);
    } else if (type === "StationEnrolled") {
      this.stations.set(data.station, await this.enrol(data.station, data.key));
    } else if (type === "StationRetired") {
      this.stations.delete(data.station);
    } else if (type === "KeyLocked") {
      this.people.get(data.person).status = "locked";
    } else if (type === "KeyRevoked") {
      const person = this.people.get(data.name);
      if (person && person.key.id === data.key_id) person.status = "revoked";
      if (this.recovery.get(data.name)?.id === data.key_id) this.recovery.delete(data.name);
      if (data.suspect_from != null) {
        this.remarks.push({ number, text: `what ${data.name} signed from entry ${shown(data.suspect_from)} on was put under suspicion` });
      }
    } else if (type.endsWith("Proposed")) {
      this.proposals.set(number, { type: type.slice(0, -"Proposed".length), leaf: b64(leaf), act: data.act,
        until: data.expires_at, name: entry.signers[0].name });
    }
  }
}

// The tree, checkpoints, and a policy

async function treeOf(leaves, tick) {
  const levels = [leaves];
  while (levels.at(-1).length > 1) {
    const below = levels.at(-1), row = [];
    for (let at = 0; at + 1 < below.length; at += 2) {
      row.push(sha256(ONE, below[at], below[at + 1]));
      if (row.length % 4096 === 0) { await Promise.all(row.slice(-4096)); await tick(); }
    }
    levels.push(await Promise.all(row));
  }
  return levels;
}
const ONE = Uint8Array.of(1);
async function rootOf(levels, low, high) {
  if (high === low) return sha256();
  const level = Math.ceil(Math.log2(high - low));
  if (high - low === 2 ** level) return levels[level][low / 2 ** level];
  const middle = low + 2 ** (level - 1);
  return sha256(ONE, await rootOf(levels, low, middle), await rootOf(levels, middle, high));
}

async function checkInclusion(leaf, at, size, path, root) {
  need(at >= 0 && at < size, "an index outside the tree");
  let last = size - 1;
  const half = (n) => Math.floor(n / 2);
  for (const sibling of path) {
    need(last > 0, "an inclusion proof is too long");
    if (at % 2 || at === last) {
      leaf = await sha256(ONE, sibling, leaf);
      while (at % 2 === 0 && at) { at = half(at); last = half(last); }
    } else {
      leaf = await sha256(ONE, leaf, sibling);
    }
    at = half(at);
    last = half(last);
  }
  need(last === 0 && same(leaf, root), "the inclusion proof does not lead to the checkpoint's root");
}

function parseHead(note) {
  const lines = note.text.split("\n");
  need(lines.length === 4 && !lines[3], "a checkpoint is three lines: origin, size, root");
  return { origin: lines[0], size: decimal(lines[1]), root: unb64(lines[2]) };
}

class Policy {
  static async of(text) {
    const policy = new Policy();
    policy.logs = [];
    policy.members = new Map([["none", { count: 0, names: [] }]]);
    for (const words of text.split("\n").map((line) => line.split("#")[0].trim().split(/\s+/)).filter((each) => each[0])) {
      if (words[0] === "log" && words.length < 4) policy.logs.push(await Key.of(words[1]));
      else if (words[0] === "witness" && words.length > 2) policy.members.set(words[1], { key: await Key.of(words[2]) });
      else if (words[0] === "group" && words.length > 3) {
        const names = words.slice(3), count = { any: 1, all: names.length }[words[2]] ?? decimal(words[2]);
        need(count > 0 && count <= names.length, `a group of the policy that asks for ${count} of ${names.length}`);
        policy.members.set(words[1], { count, names });
      } else {
        need(words[0] === "quorum" && policy.members.has(words[1]), "no line of a policy: " + words.join(" ").slice(0, 60));
        policy.quorum = words[1];
      }
    }
    need(policy.quorum && policy.logs.length, "the policy names no log or no quorum");
    return policy;
  }
  get witnesses() { return [...this.members.values()].filter((each) => each.key).map((each) => each.key); }
  met(name, signed) {
    const member = this.members.get(name);
    need(member, "the policy names a witness that it does not declare: " + name);
    if (member.key) return signed.has(member.key.code);
    return [...new Set(member.names)].filter((each) => this.met(each, signed)).length >= member.count;
  }
}

function tilePath(level, index, width) {
  let name = String(index % 1000).padStart(3, "0");
  while ((index = Math.floor(index / 1000))) name = `x${String(index % 1000).padStart(3, "0")}/${name}`;
  return `tile/${level}/${name}${width === 256 ? "" : `.p/${width}`}`;
}

// The verification

class Verification {
  constructor(files, fingerprint, policyText, heldText, progress) {
    Object.assign(this, { files, fingerprint, policyText, heldText, progress });
    this.ledger = new Ledger();
    this.findings = [];
    this.flawed = new Set();
    this.notCounted = new Set();
    this.entries = [];
    this.signatures = this.checkpoints = this.total = this.done = this.size = 0;
    this.met = new Map();
    this.partial = false;
    this.origin = this.found = this.newest = "";
    this.held = [];
    this.roots = new Map();
    this.epochs = new Map();
    this.ids = new Map();
    this.heads = [];
    this.policy = null;
    this.end = null;
    this.paused = performance.now();
  }
  broken(where, message, number) {
    this.findings.push({ severity: "broken", where, message, number });
    if (number !== undefined) this.flawed.add(number);
  }
  async attempt(where, number, act) {
    try { return await act(); } catch (error) {
      this.broken(where, error instanceof Broken ? error.message : `cannot be judged (${String(error).slice(0, 90)})`, number);
      return undefined;
    }
  }
  async tick() {
    // Let the page paint now and then.
    if (performance.now() - this.paused < 60) return;
    this.progress(this.done, this.total);
    await new Promise((resume) => setTimeout(resume));
    this.paused = performance.now();
  }
  async read(path) {
    const file = this.files.get(path);
    need(file, `the file ${path} is missing`);
    need(file.size <= 256 * 65537, `the file ${path} is too long`);
    return new Uint8Array(await file.arrayBuffer());
  }
  async run() {
    if (this.policyText) this.policy = await Policy.of(this.policyText);
    if (this.heldText) {
      // What a checkpoint file, a receipt (C2SP tlog-proof) or several of them after each other hold.
      this.held = [...`${this.heldText}\n`.matchAll(HELD)].map(([, text]) => ({ ...parseHead(parseNote(utf8.encode(text))), bytes: utf8.encode(text) }));
      need(this.held.length, "what you hold is no checkpoint");
    }
    need(this.files.has("epoch-1/checkpoint"), "the folder holds no epoch-1/checkpoint");
    const epochs = new Set([...this.files.keys()].map((path) => /^epoch-(\d+)\//.exec(path)?.[1]).filter(Boolean));
    for (let epoch = 1; epoch <= epochs.size; epoch++) {
      this.total += parseHead(parseNote(await this.read(`epoch-${epoch}/checkpoint`))).size;
    }
    for (let epoch = 1; epoch <= epochs.size; epoch++) await this.epoch(epoch, `epoch-${epoch}`);
    for (const head of this.heads) {
      const keys = [...head.keys, ...this.ledger.log];  // an export may sign old epochs with the present log key
      await this.attempt(head.where, undefined, async () => this.checkpoint(await this.read(head.path), head.root, head.origin, head.size, keys));
    }
    for (const each of this.held) {
      await this.attempt(`a checkpoint that you hold, ${each.origin} ${each.size}`, undefined, () => this.hold(each));
    }
    await this.attempt("keys.txt", undefined, () => this.listed());
    this.tellRestores();
    if (this.policy && !this.met.has(this.epochOrigin)) {
      this.broken("the policy", "THE POLICY IS NOT MET: no checkpoint of this ledger has its log and enough witnesses");
    }
  }
  async epoch(epoch, folder) {
    Object.assign(this, { epochOrigin: "", previous: new Uint8Array(32), at: "", last: -1 });
    const head = parseHead(parseNote(await this.read(`${folder}/checkpoint`)));
    const whole = [...this.files.keys()].some((path) => path.startsWith(`${folder}/tile/entries/`));
    this.partial ||= !whole;
    const leaves = [], older = [];
    const kept = this.ledger;
    if (whole) {
      await this.attempt(`epoch ${epoch}, entries`, undefined, () => this.bundled(epoch, folder, head.size, leaves));
      const levels = await treeOf(leaves, () => this.tick());
      await this.attempt(`epoch ${epoch}, tree`, undefined, () => this.tiles(folder, leaves, levels));
      for (const path of this.files.keys()) {
        const found = new RegExp(`^${folder}/checkpoints/(\\d+)$`).exec(path);
        if (found) older.push([path, decimal(found[1])]);
      }
      for (const [path, size] of older) {
        await this.attempt(`epoch ${epoch}, checkpoint of ${size}`, undefined, async () => {
          need(size <= leaves.length, "the entries up to it are missing");
          await this.checkpoint(await this.read(path), await rootOf(levels, 0, size), this.epochOrigin, size, this.logsUpTo(epoch, size));
        });
      }
      head.own = await rootOf(levels, 0, leaves.length);
      for (const { origin, size } of this.held) {
        if (origin === this.epochOrigin && size <= leaves.length) this.keep(origin, size, await rootOf(levels, 0, size), this.logsUpTo(epoch, size));
      }
    } else {
      await this.single(epoch, folder, head, leaves);
      head.own = head.root;
    }
    this.heads.push({ where: `epoch ${epoch}, checkpoint`, path: `${folder}/checkpoint`, root: head.own, origin: this.epochOrigin,
      size: head.size, keys: kept.log });
    this.keep(this.epochOrigin, head.size, head.own, kept.log);
    if (!this.epochs.has(this.epochOrigin)) this.epochs.set(this.epochOrigin, { epoch, size: head.size, whole });
    this.end = whole && leaves.length ? [head.origin, head.size, b64(head.root), b64(leaves.at(-1))] : [head.origin];
    Object.assign(this, { size: head.size, newest: this.at });
  }
  keep(origin, size, root, keys) {
    if (!this.roots.has(`${origin} ${size}`)) this.roots.set(`${origin} ${size}`, { root, keys });
  }
  async hold({ origin, size, root, bytes }) {
    // A checkpoint that the verifier brings is of this tree, or of entries that two persons declared lost.
    const known = this.epochs.get(origin), found = this.roots.get(`${origin} ${size}`);
    need(known, `of another ledger than ${this.origin}`);
    const last = (known.epoch - 1) * EPOCH + size - 1;
    for (const [opened, { lost, to, by }] of this.ledger.restores) {
      if (size > known.size && by !== null && lost <= last && last < opened && last <= to) {
        this.ledger.remarks.push({ number: by, text: `the checkpoint that you hold of ${size} entries covers some declared lost` });
        return;
      }
    }
    if (!found && !known.whole) {
      this.notCounted.add(`that you hold, of ${size} entries: this part is under another one`);
      return;
    }
    need(size <= known.size, `it covers ${size} entries, the bundle ${known.size}: THE LEDGER WAS ROLLED BACK OR CUT`);
    need(found && same(found.root, root), `THE LEDGER WAS REWRITTEN before entry ${size}`);
    await this.checkpoint(bytes, found.root, origin, size, [...found.keys, ...this.ledger.log]);
  }
  async listed() {
    // Other people's tools take keys from keys.txt: it may name none that no entry enrolled.
    if (!this.files.has("keys.txt")) return;
    for (const text of decode(await this.read("keys.txt")).split(/\s+/).filter(Boolean)) {
      const key = await this.ledger.key(text), owner = this.ledger.owners.get(key.code);
      need(key.name === owner || (owner === this.origin && this.epochs.has(key.name)), `it names a key that no entry enrolled, ${text.slice(0, 60)}`);
    }
  }
  tellRestores() {
    for (const [number, { lost, to, by }] of this.ledger.restores) {
      const which = to === Infinity ? "on" : `to ${shown(to)}`, who = by === null ? "NOBODY HAS DECLARED IT" : `declared by two in entry ${shown(by)}`;
      this.ledger.remarks.push({ number, text: `opened a restored ledger, entries from ${shown(lost)} ${which} were lost, ${who}` });
    }
  }
  logsUpTo(epoch, size) {
    const number = (epoch - 1) * EPOCH + size;
    let found = [];
    for (const [from, keys] of this.logHistory || []) if (from < number) found = keys;
    return found;
  }
  async bundled(epoch, folder, size, leaves) {
    for (let first = 0; first < size; first += 256) {
      const count = Math.min(256, size - first), path = `${folder}/${tilePath("entries", first / 256, count)}`;
      const data = await this.read(path), notes = [];
      let at = 0;
      while (notes.length < count) {
        const length = data[at] * 256 + data[at + 1];
        if (!(length > 0 && at + 2 + length <= data.length)) break;
        notes.push(data.subarray(at + 2, at + 2 + length));
        at += 2 + length;
      }
      await this.batch(epoch, first, notes, leaves, true);
      need(notes.length === count, `the file ${path} is cut off at entry ${first + notes.length}`);
      need(at === data.length, `the file ${path} holds more than its entries`);
    }
  }
  async batch(epoch, first, notes, leaves, whole) {
    const zero = Uint8Array.of(0), hashes = await Promise.all(notes.map((note) => sha256(zero, note)));
    const jobs = [];
    for (const [at, note] of notes.entries()) {
      await this.entry(epoch, first + at, note, hashes[at], whole, jobs);
      leaves.push(hashes[at]);
      this.previous = hashes[at];
    }
    await Promise.all(jobs);
    this.done += notes.length;
    await this.tick();
  }
  async single(epoch, folder, head, leaves) {
    const paths = [...this.files.keys()].map((path) => new RegExp(`^${folder}/entries/(\\d+)$`).exec(path)).filter(Boolean);
    await this.attempt(`epoch ${epoch}, entry 0`, undefined, () => need(this.files.has(`${folder}/entries/0`), "it is missing"));
    for (const [path, digits] of paths.sort((a, b) => Number(a[1]) - Number(b[1]))) {
      const sequence = decimal(digits), where = `epoch ${epoch}, entry ${sequence}`, number = (epoch - 1) * EPOCH + sequence;
      const note = await this.read(path);
      await this.batch(epoch, sequence, [note], leaves, false);
      await this.attempt(where, number, async () => {
        const [proof, checkpoint] = decode(await this.read(`${folder}/proofs/${sequence}.tlog-proof`)).split(/\n\n(.*)/s);
        const lines = proof.split("\n");
        need(lines[0] === "c2sp.org/tlog-proof@v1" && lines[1] === `index ${sequence}`, "its proof is of another entry");
        need(checkpoint === decode(await this.read(`${folder}/checkpoint`)), "its proof leads to another checkpoint");
        await checkInclusion(leaves.at(-1), sequence, head.size, lines.slice(2).map(unb64), head.root);
      });
    }
    this.total = this.done;
  }
  async entry(epoch, sequence, bytes, leaf, whole, jobs) {
    const where = `epoch ${epoch}, entry ${sequence}`, number = (epoch - 1) * EPOCH + sequence;
    const check = (holds, message) => { if (!holds) this.broken(where, message, number); };
    const entry = await this.attempt(where, number, () => parseEntry(bytes));
    if (!entry) return;
    this.epochOrigin ||= entry.origin;
    this.origin ||= entry.origin;
    const named = epoch === 1 ? this.origin : `${this.origin}/e${epoch}`, { rules } = this.ledger;
    check(this.epochOrigin === named, `its origin is not that of epoch ${epoch} of ${this.origin.slice(0, 60)}`);
    check(entry.origin === this.epochOrigin, "made for another ledger, " + entry.origin.slice(0, 60));
    check(entry.sequence === sequence, `entry ${entry.sequence} stands here, by its own signed text`);
    check((entry.type === "VaultCreated") === (number === 0), "a vault is created by entry 0, and by no other");
    check(sequence !== this.last + 1 || same(entry.previous, this.previous), "does not name the leaf hash before it");
    this.last = sequence;
    check(!rules || !whole || entry.rules === rules, `rulebook ${entry.rules}, where ${rules} is in force`);
    check(entry.recorded_at >= this.at || entry.type === "ClockCorrected", "recorded before the entry before it");
    this.at = entry.recorded_at;
    check(!this.ids.has(entry.id), `its id stands already in entry ${shown(this.ids.get(entry.id) ?? 0)}`);
    this.ids.set(entry.id, number);
    const verifying = await this.attempt(where, number, () => this.ledger.signatures(entry));
    for (const [key, signature] of verifying || []) {
      jobs.push(this.attempt(where, number, async () => {
        await key.verify(entry.note.bytes, signature);
        this.signatures++;
      }));
    }
    // Who may sign is only changed by what holds, as far as that is known before its signatures are verified.
    if (!this.flawed.has(number)) await this.attempt(where, number, () => this.ledger.apply(entry, number, leaf));
    if (sequence === 0 || entry.type === "RestoreFound" || entry.type === "LedgerRestored") {
      await this.attempt(where, number, () => this.opening(entry, epoch, leaf));
    }
    if (entry.type === "VaultCreated" || entry.type === "LogKeyReplaced") (this.logHistory ||= []).push([number, this.ledger.log]);
    this.entries.push({ number, type: entry.type, data: entry.data, signers: entry.signers, station: entry.station,
      occurred_at: entry.occurred_at, recorded_at: entry.recorded_at, bytes });
  }
  opening(entry, epoch, leaf) {
    // Entry 0 of an epoch, or the later one by which two persons declare what was lost before it.
    if (epoch === 1 && entry.sequence === 0) {
      this.found = b64(leaf);
      need(entry.data.origin === entry.origin, "no creation of this ledger");
      need(!this.fingerprint || this.fingerprint === this.found, `THE FINGERPRINT IS ANOTHER: ${this.found}`);
      return;
    }
    need(entry.type === "RestoreFound" || entry.type === "LedgerRestored", "an epoch opens with a restore");
    const said = ["origin", "size", "root", "last_leaf_hash"].map((name) => entry.data[name] ?? 0);
    need(entry.sequence === 0 || entry.type === "LedgerRestored", "a restore is found by an epoch's entry 0");
    need(this.end?.every((value, at) => value === said[at]), "does not name the end of the epoch before");
  }
  async tiles(folder, leaves, levels) {
    for (let level = 0; level * 8 < levels.length; level++) {
      const row = levels[level * 8];
      for (let first = 0; first < row.length; first += 256) {
        const wanted = row.slice(first, first + 256), path = `${folder}/${tilePath(level, first / 256, wanted.length)}`;
        need(same(await this.read(path), join(...wanted)), `the file ${path} does not hold the hashes of the entries`);
      }
    }
  }
  async checkpoint(bytes, root, origin, size, logs) {
    const note = parseNote(bytes), head = parseHead(note);
    need(same(root, head.root) && head.size === size, `the root of the checkpoint is not that of its ${head.size} entries`);
    need(head.origin === origin, "the checkpoint is of another ledger");
    const known = new Map();
    for (const key of logs) known.set(`${origin} ${await key.idAs(origin)}`, key);  // the log signs as its epoch's origin
    for (const key of this.policy ? this.policy.witnesses : []) known.set(`${key.name} ${key.id}`, key);
    const signed = new Set();
    for (const line of note.lines) {
      const key = known.get(`${line.name} ${line.id}`);
      if (!key || key.algorithm === 6) {
        this.notCounted.add(`${line.name} ${line.id}: ${key ? "ML-DSA-44, which browsers lack" : "a key that is not known here"}`);
        continue;
      }
      await key.verify(note.bytes, line.signature);
      signed.add(key.code);
    }
    need(logs.some((key) => key.algorithm === 1 && signed.has(key.code)), "no log key of the ledger signed it");
    this.checkpoints++;
    if (this.policy && this.policy.met(this.policy.quorum, signed)
      && this.policy.logs.some((key) => signed.has(key.code) && `${origin}/`.startsWith(`${key.name}/`))) {
      this.met.set(origin, Math.max(head.size, this.met.get(origin) || 0));
    }
  }
}

// What the entries say of each thing

const KINDS = ["donor", "donation", "lot", "vial", "dose", "order", "patient"];
const NAMED = { vial: "vial", vials: "vial", present: "vial", missing: "vial", unit: "unit", source: "unit", lot: "lot",
  lots: "lot", donor: "donor", donors: "donor", donation: "donation", donations: "donation", patient: "patient",
  order: "order", dose: "dose", product: "product", person: "person", receiver: "person", shipment: "shipment", held: "vial" };

class Things {
  constructor(entries) {
    this.entries = entries;
    this.at = new Map(entries.map((entry, index) => [entry.number, index]));
    this.of = new Map();
    this.kind = new Map();
    this.after = new Map();
    this.before = new Map();
    this.later = new Map();
    entries.forEach((entry, index) => { try { this.take(entry, index); } catch { /* its finding says so */ } });
  }
  name(kind, code, index) {
    if (typeof code !== "string") return;
    const list = this.of.get(code);
    if (!list) this.of.set(code, [index]); else if (list.at(-1) !== index) list.push(index);
    if (!this.kind.has(code)) this.kind.set(code, kind);
  }
  link(from, to) {
    for (const [map, key, value] of [[this.after, from, to], [this.before, to, from]]) {
      if (!map.has(key)) map.set(key, new Set());
      map.get(key).add(value);
    }
  }
  walk(value, index, depth = 0) {
    if (depth > 8 || value === null || typeof value !== "object") return;
    for (const [field, part] of Object.entries(value)) {
      const kind = NAMED[field];
      for (const each of Array.isArray(part) ? part : [part]) {
        if (kind && typeof each === "string") this.name(kind, each, index);
        else this.walk(each, index, depth + 1);
      }
    }
    if (typeof value.kind === "string" && typeof value.code === "string") this.name(value.kind, value.code, index);
    if (typeof value.scope === "string") for (const code of value.codes || [value.code]) this.name(value.scope, code, index);
  }
  take(entry, index) {
    const { type, data } = entry;
    this.walk(data, index);
    for (const one of entry.signers) this.name("person", one.name, index);
    if (type === "DonationCollected") this.link(data.donor, data.donation);
    if (type === "LotRegistered") this.lot(data);
    if (type === "LotFilled") for (const vial of data.vials) this.link(data.lot, vial);
    if (type === "ImportPartRecorded") {
      for (const each of data.donations || []) this.link(each.donor, each.donation);
      for (const each of data.lots || []) this.lot(each);
      for (const box of data.vials || []) for (const vial of box.vials) this.link(box.lot, vial);
    }
    if (type === "DosePrepared") {
      for (const each of data.sources) this.link(each.vial, data.dose);
      this.link(data.dose, data.order);
    }
    if (type === "VialsReserved") for (const vial of data.vials) this.link(vial, data.order);
    if (type === "OrderPlaced") this.link(data.order, data.patient);
    for (const [field, word] of [["corrects", "corrected"], ["undoes", "undone"]]) {
      for (const each of [].concat(data[field] ?? [])) {
        if (!this.later.has(each.number)) this.later.set(each.number, []);
        this.later.get(each.number).push(`${word} by entry ${shown(entry.number)}`);
      }
    }
  }
  lot(data) {
    for (const donation of data.donations) this.link(donation, data.lot);
    if (data.parent) this.link(data.parent, data.lot);
  }
  // A thing's chain: all that it came from, and all that came of it.
  chain(code) {
    const reach = (map) => {
      const found = new Set([code]);
      for (const each of found) for (const next of map.get(each) || []) found.add(next);
      return found;
    };
    return new Set([...reach(this.before), ...reach(this.after)]);
  }
}

// The page

const $ = (id) => document.getElementById(id);
function element(tag, text = "", className = "") {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}
const group = (number) => number.toLocaleString("en").replaceAll(",", " ");
const count = (number, one, many) => `${group(number)} ${number === 1 ? one : many}`;
const words = (type) => type.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().replace(/^./, (c) => c.toUpperCase());

const state = { files: null, inlined: false, things: null, verification: null, hits: [], listed: 0, formats: null };
const PAGE = 200;

function local(instant) {
  try {
    state.formats ||= new Intl.DateTimeFormat("sv-SE", { timeZone: state.verification.ledger.zone, dateStyle: "short",
      timeStyle: "medium" });
    state.offset ||= new Intl.DateTimeFormat("en", { timeZone: state.verification.ledger.zone, timeZoneName: "longOffset" });
    const when = new Date(instant), zone = state.offset.formatToParts(when).find((part) => part.type === "timeZoneName");
    return `${state.formats.format(when)} ${zone.value.replace("GMT", "") || "+00:00"}`;
  } catch { return instant; }
}

const UNITS = [["_microlitres", (v) => v >= 1000 ? `${v / 1000} mL` : `${v} µL`], ["_millipercent", (v) => `${v / 1000} %`],
  ["_millicelsius", (v) => `${v / 1000} °C`], ["_milli", (v) => String(v / 1000)], ["_minutes", (v) => `${v} min`]];
function field(name, value) {
  if (typeof value === "number") {
    for (const [suffix, worded] of UNITS) {
      if (name.includes(suffix)) return `${name.replace(suffix, "").replaceAll("_", " ")} ${worded(value)}`;
    }
    if (name.startsWith("cells")) return `${name.replaceAll("_", " ")} ${group(value)}`;
  }
  return `${name.replaceAll("_", " ")} ${told(value)}`;
}
function told(value) {
  if (Array.isArray(value)) {
    const some = value.slice(0, 4).map(told).join("; ");
    return value.length > 4 ? `${some} and ${value.length - 4} more` : some;
  }
  if (value && typeof value === "object") {
    return Object.entries(value).filter(([name]) => name !== "leaf_hash").map(([name, part]) => field(name, part)).join(" ");
  }
  const text = TIME.test(value) ? local(value) : String(value);
  return text.length > 64 ? text.slice(0, 60) + "…" : text;
}
const ASIDE = new Set(["late", "typed", "document", "undoes", "proposal", "corrects", "band", "bands"]);
const details = (data) => Object.entries(data).filter(([name]) => !ASIDE.has(name)).map(([name, value]) => field(name, value)).join(", ");

function marks(entry) {
  const { data } = entry, found = [];
  if (data.late) found.push(`late: ${data.late}, recorded ${local(entry.recorded_at)}`);
  if (data.typed) found.push(`typed: ${told(data.typed)}`);
  if (data.corrects) found.push(`corrects entry ${shown(data.corrects.number)}: ${data.reason}`);
  for (const each of data.undoes || []) found.push(`undoes entry ${shown(each.number)}`);
  return [...found, ...(state.things.later.get(entry.number) || [])];
}
function printed(name) {
  const person = state.verification.ledger.people.get(name);
  if (person) return `${person.full} (${name})`;
  return state.verification.ledger.stations.has(name) ? `station ${name}` : `key ${name}`;
}

function moment(entry) {
  const item = element("li"), flawed = state.verification.flawed.has(entry.number);
  if (flawed) item.className = "flawed";
  item.append(element("span", local(entry.occurred_at), "when"), element("br"), element("span", words(entry.type), "what"),
    element("span", `  entry ${shown(entry.number)}`, "quiet"));
  if (flawed) item.append(element("span", "  BROKEN, see the findings", "bad-mark"));
  const line = element("div");
  for (const mark of marks(entry)) line.append(element("span", mark, "mark"));
  if (line.childNodes.length) item.append(line);
  item.append(element("div", details(entry.data), "details"));
  for (const one of entry.signers) {
    item.append(element("span", `Signed by ${printed(one.name)}, ${one.meaning}, ${local(entry.recorded_at)}`, "signed"));
  }
  const more = element("details"), raw = element("pre");
  more.append(element("summary", "the entry as it was signed"), raw);
  more.addEventListener("toggle", () => { raw.textContent = strictly(entry.bytes); });
  item.append(more);
  return item;
}
function strictly(bytes) {
  return new TextDecoder().decode(bytes).replace(/[\u0080-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

function tree(code) {
  const things = state.things, chain = things.chain(code), seen = new Set();
  let drawn = 0;
  const branch = (each) => {
    const item = element("li"), button = element("button");
    button.type = "button";
    button.append(element("span", things.kind.get(each) || "", "kind"), " ", element("span", each, "code"));
    if (each === code) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => show(each));
    item.append(button);
    drawn++;
    if (seen.has(each)) return item;
    seen.add(each);
    let next = [...(things.after.get(each) || [])].filter((one) => chain.has(one));
    if (things.kind.get(each) === "vial" && next.some((one) => things.kind.get(one) === "dose")) {
      next = next.filter((one) => things.kind.get(one) !== "order");
    }
    if (next.length) {
      const list = element("ul");
      for (const one of next.sort()) {
        if (drawn > 400) { list.append(element("li", `and ${next.length - list.childNodes.length} more`, "quiet")); break; }
        list.append(branch(one));
      }
      item.append(list);
    }
    return item;
  };
  const roots = [...chain].filter((each) => ![...(things.before.get(each) || [])].some((one) => chain.has(one)));
  const list = element("ul");
  if (chain.size > 1) for (const each of roots.sort()) list.append(branch(each));
  return list;
}

function show(code) {
  const things = state.things, indexes = things.of.get(code) || [], kind = things.kind.get(code) || "";
  $("story").hidden = false;
  $("story-title").textContent = `${kind} ${code}`;
  $("tree").replaceChildren(KINDS.includes(kind) ? tree(code) : element("span"));
  const most = 500, some = indexes.slice(0, most).map((index) => things.entries[index]);
  $("timeline-title").textContent = `${group(indexes.length)} ${indexes.length === 1 ? "entry names" : "entries name"} it` +
    (indexes.length > most ? `; the first ${most}` : "");
  $("timeline").replaceChildren(...some.map(moment));
}
function showEntry(index) {
  const entry = state.things.entries[index];
  $("story").hidden = false;
  $("story-title").textContent = `Entry ${shown(entry.number)}`;
  $("tree").replaceChildren();
  $("timeline-title").textContent = "";
  const item = moment(entry);
  $("timeline").replaceChildren(item);
  item.querySelector("details").open = true;
}

function hit(each) {
  const item = element("li"), button = element("button");
  button.type = "button";
  if (typeof each === "string") {
    button.append(element("span", each, "code"), element("small", `${state.things.kind.get(each)}, ${count(state.things.of.get(each).length, "entry", "entries")}`));
    button.addEventListener("click", () => show(each));
  } else {
    const entry = state.things.entries[each];
    button.append(element("span", `${shown(entry.number)}  ${words(entry.type)}`),
      element("small", `${local(entry.occurred_at)}, ${entry.signers.map((one) => one.name).join(", ")}`));
    if (state.verification.flawed.has(entry.number)) button.append(element("small", "BROKEN", "bad-mark"));
    button.addEventListener("click", () => showEntry(each));
  }
  item.append(button);
  return item;
}
function search() {
  const wanted = $("search").value.trim().toLowerCase(), things = state.things;
  if (!wanted) {
    const order = (code) => { const at = KINDS.indexOf(things.kind.get(code)); return at < 0 ? 99 : at; };
    state.hits = [...things.of.keys()].filter((code) => order(code) < 99).sort((a, b) => order(b) - order(a) || (a < b ? -1 : 1));
    $("hits").textContent = `${group(state.hits.length)} patients, orders, doses, vials, lots, donors`;
  } else {
    const codes = [...things.of.keys()].filter((code) => code.toLowerCase().includes(wanted))
      .sort((a, b) => (a.toLowerCase() !== wanted) - (b.toLowerCase() !== wanted) || (a < b ? -1 : 1));
    const entries = [];
    things.entries.forEach((entry, index) => {
      if (shown(entry.number) === wanted || words(entry.type).toLowerCase().includes(wanted)) entries.push(index);
    });
    state.hits = [...codes, ...entries];
    $("hits").textContent = `${count(codes.length, "thing", "things")}, ${count(entries.length, "entry", "entries")}`;
  }
  state.listed = 0;
  $("list").replaceChildren();
  list();
}
function list() {
  const next = state.hits.slice(state.listed, state.listed + PAGE);
  $("list").append(...next.map(hit));
  state.listed += next.length;
  $("more").hidden = state.listed >= state.hits.length;
}

function verdict(kind, word, text) {
  $("verdict").className = `card ${kind}`;
  $("verdict-word").textContent = word;
  $("verdict-told").textContent = text;
}
function counts(pairs) {
  $("counts").hidden = false;
  $("counts").replaceChildren(...pairs.map(([name, value, className]) => {
    const cell = element("div");
    cell.append(element("dt", name), element("dd", value, className));
    return cell;
  }));
}
function finding(each) {
  const item = element("li");
  item.append(element("span", each.severity, each.severity), element("span", ` ${each.where}: `), element("span", each.message));
  return item;
}

async function hasEd25519() {
  try {
    await crypto.subtle.importKey("raw", Uint8Array.from(atob("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="),
      (c) => c.charCodeAt(0)), { name: "Ed25519" }, false, ["verify"]);
    return true;
  } catch { return false; }
}

async function check() {
  const started = performance.now();
  $("again").disabled = true;
  $("look").hidden = $("found").hidden = $("story").hidden = true;
  $("limits").replaceChildren();
  if (!globalThis.crypto?.subtle || !(await hasEd25519())) {
    verdict("bad", "Not checked", "This browser cannot verify Ed25519 signatures. Nothing was counted. Take a newer one, or verify.py.");
    return;
  }
  verdict("working", "Checking", "Every hash and every signature.");
  $("progress").hidden = false;
  const v = state.verification = new Verification(state.files, $("fingerprint").value.trim(), $("policy").value.trim(), $("held").value.trim(), (done, total) => {
    $("progress").max = total || 1;
    $("progress").value = done;
    $("verdict-told").textContent = `${group(done)} of ${group(total)} entries`;
  });
  state.formats = state.offset = null;
  try { await v.run(); } catch (error) {
    v.broken("the bundle", error instanceof Broken ? error.message : `cannot be read (${String(error).slice(0, 120)})`);
  }
  $("progress").hidden = true;
  report(v, performance.now() - started);
  $("again").disabled = false;
}

function report(v, milliseconds) {
  $("origin").textContent = v.origin || "No ledger";
  document.title = `cryoledger audit ${v.origin}`;
  const broken = v.findings.length;
  const outside = [v.fingerprint ? "" : "the fingerprint", v.policy ? "" : "a policy"].filter(Boolean).join(" and ");
  if (broken) {
    const first = v.findings[0];
    verdict("bad", "Broken", `${group(broken)} ${broken === 1 ? "finding" : "findings"}. The first: ${first.where}: ${first.message}.`);
  } else if (!outside && v.met.size) {
    const after = v.size - v.met.get(v.epochOrigin);
    verdict("good", "Verified under your fingerprint and policy", "Every entry, signature and checkpoint in this bundle holds. "
      + `${after ? `The last ${group(after)} of ${group(v.size)} entries came after` : "No entry came after"} the last checkpoint that meets your policy.`);
  } else {
    verdict("even", "Consistent with itself", `Every hash, signature and checkpoint agrees with the others. Whether this is the ledger that you mean, only what you hold on paper can tell: enter ${outside} below, and check again.`);
  }
  counts([["entries", group(v.entries.length)], ["signatures that hold", group(v.signatures)], ["checkpoints", group(v.checkpoints)],
    ["keys", group(v.ledger.keys.size)], ["seconds", (milliseconds / 1000).toFixed(1)], ["fingerprint of entry 0", v.found || "none", "code"]]);
  const limits = [...v.notCounted].map((line) => `Not counted: checkpoint line ${line}.`);
  if (v.newest) limits.push(`The last entry was recorded at ${v.newest}.${v.held.length ? "" : " A tail that was cut off would not show: enter a checkpoint that you hold from before."}`);
  if (v.partial) limits.push("A part of the ledger: entries that are not in this bundle, a key's revocation among them, would not show.");
  if (state.inlined) limits.push("This copy carries its data inside, so its SHA-256 is not that of the released page. For a proof, open index.html and choose the folder.");
  if (v.ledger.training) limits.unshift("TRAINING ledger: nothing recorded here is real.");
  $("limits").replaceChildren(...limits.map((line) => element("li", line)));
  const remarks = v.ledger.remarks.map((each) => ({ severity: "open", where: `entry ${shown(each.number)}`, message: each.text }));
  const all = [...v.findings, ...remarks];
  $("found").hidden = !all.length;
  $("findings").replaceChildren(...all.slice(0, PAGE).map(finding));
  if (all.length > PAGE) $("findings").append(element("li", `and ${group(all.length - PAGE)} more`));
  $("stamp").textContent = `Checked on ${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC.`;
  state.things = new Things(v.entries);
  $("look").hidden = !v.entries.length;
  search();
  let subject = "";
  try { subject = JSON.parse(state.about || "{}").subject || ""; } catch { /* only a convenience */ }
  if (subject) {
    $("about").textContent = `A part of the ledger: ${subject}`;
    show(subject.split(" ").at(-1));
  }
}

async function take(files) {
  state.files = files;
  const about = files.get("bundle.json");
  state.about = about && about.size < 1e6 ? new TextDecoder().decode(await about.arrayBuffer()) : "";
  await check();
}
$("folder").addEventListener("change", () => {
  const chosen = [...$("folder").files], mark = "epoch-1/checkpoint";
  const found = chosen.find((file) => file.webkitRelativePath.endsWith(mark));
  const root = found ? found.webkitRelativePath.slice(0, -mark.length) : "";
  state.inlined = false;
  take(new Map(chosen.filter((file) => file.webkitRelativePath.startsWith(root))
    .map((file) => [file.webkitRelativePath.slice(root.length), file])));
});
$("again").addEventListener("click", check);
$("more").addEventListener("click", list);
let typing;
$("search").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(search, 120); });
const inlined = $("inlined").textContent.trim();
if (inlined) {
  state.inlined = true;
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  take(new Map(Object.entries(JSON.parse(inlined)).map(([path, text]) => {
    const data = bytes(text);
    return [path, { size: data.length, arrayBuffer: async () => data.buffer }];
  })));
}
