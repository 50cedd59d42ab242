import type { Messages } from "./en.ts";

export const de = {
  listSeparator: ", ",
  body: "dem Anfragetext",
  nouns: {
    team: "dieses Team",
    user: "diesen Benutzer",
    service: "diesen Dienst",
    service_key: "diesen Dienstschlüssel",
    access_token: "dieses Zugriffstoken",
    domain: "Domain",
    sso_connection: "Single-Sign-on-Verbindung",
    catalogue: "diesen Katalog",
    permission_set: "diesen Berechtigungssatz",
    role: "diese Rolle",
    member: "dieses Mitglied",
    invitation: "diese Einladung",
    report: "diesen Bericht",
    client: "diesen Client",
    webhook: "diesen Webhook",
    delivery: "diese Zustellung",
    move: "diesen Umzug",
  },
  codes: {
    COM0001: "Der Pfad unterstützt diese Methode nicht.",
    COM0002: "Zu viele Anfragen in kurzer Zeit.",
    COM0003: "Ein Parameter zum Blättern ist ungültig.",
    COM0004: "Der Server ist ausgefallen oder kann im Moment nicht antworten.",
    COM0005: "Ein Feld im Anfragetext fehlt, ist unbekannt oder ungültig.",
    COM0006: "Die Anfrage benötigt einen Anfragetext, enthält aber keinen.",
    COM0007: "Die Fernunterstützung ist nicht eingerichtet.",
    COM0008: "Unter diesem Pfad oder dieser ID existiert nichts.",
    COM0009: "Die Anfrage ist korrekt aufgebaut, aber ihre Teile passen nicht zusammen.",
    COM0010: "Es existiert bereits oder steht im Konflikt mit etwas Vorhandenem.",
    COM0011: "Ein Header fehlt oder ist ungültig.",
    COM0012: "Diese API-Version existiert nicht.",
    COM0013: "Es wurden keine gültigen Zugangsdaten gesendet.",
    COM0014: "Die Anfrage ist fehlerhaft oder zu groß, oder ihr Format wird nicht unterstützt.",
    COM0015: "Die Ressource wurde seit dem letzten Lesen geändert.",
    COM0021: "Das Delta-Token ist ungültig.",
    COM00020: "Alle Gerätelizenzen sind vergeben.",
    LOC0001: "Der Standort des Geräts konnte nicht ermittelt werden.",
    SDE0003: "Der Benutzer konnte dem Gerät nicht zugewiesen werden.",
    CMD0001: "Der Befehl ist auf dieses Gerät nicht anwendbar.",
    CMD0002: "Der Befehl konnte nicht angehalten werden.",
    APP0001: "Die hochgeladene App wurde abgelehnt.",
    APP0002: "Die App oder das Profil konnte nicht gelöscht werden.",
    FIL0001: "Die hochgeladene Datei wurde abgelehnt.",
    PAY0001: "Das hochgeladene Bild ist größer als erlaubt.",
    PAY0002: "Pflichtfelder sind nicht ausgefüllt.",
    PAY0004: "Die Werte von Pflichtfeldern sind ungültig.",
    TOK0001: "Den Zugangsdaten fehlt eine erforderliche Berechtigung.",
    TOK0002: "Die Zugangsdaten gehören zu einem anderen Team.",
    TOK0003: "Das Token gehört zu einer anderen Region.",
    TOK0004: "Das Token ist abgelaufen.",
    TOK0005: "Das Token wurde widerrufen.",
    TOK0006: "Das Token darf von dieser Adresse aus nicht verwendet werden.",
    TOK0007: "Das Team ist gesperrt.",
    TOK0008: "Das Token wurde für einen anderen Dienst ausgestellt.",
  },
  refusals: {
    malformed_token: "Dies ist kein vollständiges, unverändertes Token. Kopieren Sie das ganze Token erneut.",
    wrong_region:
      "Dieses Token gehört zur Region {region}; verwenden Sie stattdessen {url} für Ihre Anfrage.",
    team_moved: "Das Team ist in die Region {region} umgezogen; verwenden Sie stattdessen {url}.",
    unknown_token:
      "Dieses Zugriffstoken ist hier nicht bekannt. Prüfen Sie, ob es das richtige ist, oder erstellen Sie ein neues.",
    invalid_proof:
      "Die Anfrage beweist nicht, dass sie den Schlüssel dieses Tokens hat (DPoP: {problem}). Senden Sie ein an einen Schlüssel gebundenes Token unter dem Schema DPoP mit einem neuen Nachweis, jedes andere als Bearer.",
    wrong_audience:
      "Dieses Token wurde für einen anderen Dienst ausgestellt. Fordern Sie eines für diesen Dienst an.",
    wrong_team:
      "Diese Zugangsdaten gehören zu einem anderen Team. Verwenden Sie die des Teams, um das es in der Anfrage geht.",
    revoked_token: "Dieses Token wurde endgültig widerrufen. Erstellen Sie ein neues.",
    expired_token: "Dieses Token ist abgelaufen. Besorgen Sie sich ein neues.",
    team_suspended: "Dieses Team ist gesperrt. Seine Tokens gelten wieder, sobald der Betreiber es freigibt.",
    ip_not_allowed:
      "Dieses Token gilt nur für seine zugelassenen Adressen. Verwenden Sie eine davon oder ein anderes Token.",
    missing_permission:
      "Diesem Token fehlen erforderliche Berechtigungen: {missing}. Verwenden Sie ein Token, das sie besitzt.",
    rate_limited: "Das Anfragelimit ist ausgeschöpft. Versuchen Sie es in {seconds} s erneut.",
    rate_limited_never:
      "Diese Anfrage kostet mehr als das gesamte Limit des Tokens und wird nie zugelassen. Senken Sie die Kosten.",
    no_credential:
      "Es wurden keine Zugangsdaten gesendet. Senden Sie den Header Authorization: Bearer gefolgt von Ihrem Token.",
    unknown_credential:
      "Diese Zugangsdaten sind hier nicht gültig. Prüfen Sie, ob sie vollständig und nicht zurückgezogen sind.",
    ambiguous_credential:
      "Senden Sie genau einmal Zugangsdaten, und zwar im Header Authorization und nicht in der URL.",
    quota_exceeded:
      "Der Tarif des Teams erlaubt {limit} {quota}. Wechseln Sie den Tarif oder geben Sie zuerst welche frei.",
    move_refused: "Der Umzug kann nicht fortgesetzt werden: {obstacle}.",
    too_many_imported:
      "Hier lassen sich höchstens {limit} Schlüssel importieren, beendete mitgezählt. Stellen Sie stattdessen Zugriffstoken aus.",
    rate_limited_quota:
      "Der Tarif des Teams erlaubt derzeit keine weiteren {quota}. Versuchen Sie es in {seconds} s erneut.",
    no_way_to_sign_in:
      "So könnte sich niemand anmelden: Fügen Sie zuerst eine Single-Sign-on-Verbindung hinzu oder erlauben Sie eine weitere Methode.",
    domain_not_proven:
      "Die Domain ist nicht nachgewiesen: Setzen Sie den genannten DNS-TXT-Eintrag und prüfen Sie ihn.",
    provider_unusable:
      "Unter diesem Aussteller wurde kein vollständiger OpenID-Anbieter gefunden. Prüfen Sie die Adresse.",
    in_use: "Dies wird noch verwendet ({noun}). Ändern Sie das zuerst.",
    second_factor_required: "Dieses Team verlangt einen zweiten Faktor. Melden Sie sich damit erneut an.",
    sign_in_method_not_allowed:
      "Dieses Team akzeptiert die Art nicht, in der Sie angemeldet sind. Melden Sie sich auf eine erlaubte Art erneut an.",
    acts_for_nobody:
      "Dieses Token handelt für keine Person. Verwenden Sie eines, das jemand auf der Zustimmungsseite erteilt hat.",
    operator_only: "Das darf nur der Betreiber. Verwenden Sie den Betreiberschlüssel.",
    exceeds_maker:
      "Sie können keine Berechtigungen vergeben, die Sie selbst nicht haben: {missing}. Lassen Sie diese weg.",
    owner_only: "Das darf nur ein Eigentümer des Teams oder der Betreiber.",
    beyond_caller:
      "Hier gibt es Berechtigungen, die Sie selbst nicht haben: {missing}. Fragen Sie jemanden, der sie alle hat.",
    beyond_client:
      "Dieser Client darf diese Berechtigungen nie erhalten: {missing}. Fügen Sie sie zuerst dem Client hinzu oder lassen Sie sie weg.",
    exceeds_bounds:
      "Das verwendete Token läuft ab oder gilt nur von bestimmten Adressen; dies würde darüber hinausreichen. Verwenden Sie andere Zugangsdaten.",
    member_not_for_type: "Ein Client vom Typ {type} hat kein {member}. Lassen Sie es weg.",
    keeps_no_secret:
      "Dieser Client hat kein Geheimnis: Er ist öffentlich oder weist sich mit eigenen Schlüsseln aus.",
    too_many_secrets:
      "Es gelten bereits {limit} Geheimnisse. Wählen Sie eine kürzere Überlappung, damit ältere enden.",
    webhook_not_enabled:
      "Dieser Webhook ist nicht aktiviert, daher wird nichts an ihn gesendet. Aktivieren Sie ihn zuerst.",
    self_client_only:
      "Grant-Tokens werden auf diesem Weg nur für Self-Clients erstellt. Andere Clients fragen auf der Zustimmungsseite an.",
    issue_limited:
      "Für diesen Client wurden zu viele Grant-Tokens erstellt. Versuchen Sie es in {seconds} s erneut.",
    sign_in_required:
      "Zu der eingeladenen Adresse gibt es bereits ein Konto. Melden Sie sich dort an und nehmen Sie die Einladung dann an.",
    method_not_allowed: "Dieser Pfad unterstützt diese Methode nicht. Unterstützt werden: {allow}.",
    bad_page:
      "Parameter {parameter} ist ungültig. limit ist eine ganze Zahl von 1 bis 100, cursor ein früherer next_cursor.",
    invalid_member_missing: "Das Feld {member} fehlt. Fügen Sie es hinzu.",
    invalid_member_unknown:
      "Ein Feld in {member} ist unbekannt. Entfernen Sie es oder berichtigen Sie den Namen.",
    invalid_member_invalid:
      "Der Wert des Feldes {member} hat den falschen Typ, die falsche Länge oder Form. Berichtigen Sie ihn.",
    body_not_object: "Der Anfragetext ist kein JSON-Objekt. Senden Sie eines.",
    unknown_permission:
      "Das Feld {member} enthält eine Berechtigung, die kein Katalog kennt. GET /v1/catalogues listet alle auf.",
    empty_body: "Der Anfragetext ist leer. Senden Sie ein JSON-Objekt.",
    malformed_json: "Der Anfragetext ist kein wohlgeformtes JSON in UTF-8. Berichtigen Sie die Syntax.",
    unknown_path: "Unter diesem Pfad gibt es nichts. Prüfen Sie die URL.",
    misdirected:
      "Unter diesem Host gibt es hier nichts. Verwenden Sie die Adresse der Region oder eine Domain, die ihr Team nachgewiesen hat.",
    bad_header:
      "Der Header {header} ist ungültig. Senden Sie 1 bis 255 druckbare ASCII-Zeichen oder lassen Sie ihn weg.",
    bad_api_version: "Diese API-Version existiert nicht. Verwenden Sie Pfade, die mit /v1 beginnen.",
    not_acceptable:
      "Die Antwort liegt in keinem Format vor, das Ihr Accept-Header zulässt. Lassen Sie application/json zu.",
    unsupported_media_type:
      "Dieser Medientyp wird nicht unterstützt. Senden Sie Content-Type: application/json.",
    body_too_large: "Der Anfragetext ist größer als {limit} KiB. Senden Sie einen kleineren.",
    not_found: "Es gibt {noun} hier nicht. Prüfen Sie ID oder Namen sowie die Region.",
    required_permission_absent:
      "Einige dieser Berechtigungen setzen weitere voraus. Ergänzen Sie: {missing}.",
    no_common_address:
      "Keine dieser Adressen ist für das verwendete Token zugelassen. Wählen Sie aus dessen eigenen Adressen.",
    already_exists:
      "Es war nicht möglich, {noun} zu speichern: Der Wert von {member} ist bereits vergeben. Wählen Sie einen anderen.",
    catalogue_would_lose:
      "Ein Katalog kann Berechtigungen hinzugewinnen, aber keine verlieren. Nehmen Sie wieder auf: {permissions}.",
    built_in_role:
      "Diese Rolle ist vorgegeben und kann nicht geändert oder gelöscht werden. Erstellen Sie eine eigene Rolle.",
    role_in_use: "Mitglieder oder Einladungen haben diese Rolle noch. Geben Sie ihnen zuerst eine andere.",
    last_owner:
      "Ein Team behält mindestens einen Eigentümer. Machen Sie zuerst jemand anderen zum Eigentümer.",
    invitation_expired: "Diese Einladung ist abgelaufen. Bitten Sie um eine neue.",
    idempotency_conflict:
      "Dieser Idempotency-Key wurde mit anderem Inhalt verwendet. Nehmen Sie für eine neue Anfrage einen neuen.",
    idempotency_running:
      "Eine Anfrage mit diesem Idempotency-Key läuft noch. Wiederholen Sie sie in einem Moment.",
    report_not_ready:
      "Der Bericht wird noch erstellt. Fragen Sie in einem Moment erneut oder beobachten Sie seinen Fortschritt.",
    report_failed:
      "Der Bericht konnte nicht erstellt werden. Fordern Sie einen neuen an, für einen kürzeren Zeitraum, falls er zu groß war.",
    empty_period:
      "Der Zeitraum endet, bevor er beginnt, oder ist leer. Wählen Sie ein späteres until oder ein früheres since.",
    precondition_failed:
      "Die Ressource wurde geändert, seit Sie sie gelesen haben. Lesen Sie sie neu und wiederholen Sie die Änderung.",
    unavailable: "Im Moment ist keine verlässliche Antwort möglich. Versuchen Sie es in {seconds} s erneut.",
    internal: "Bei uns ist ein Fehler aufgetreten. Versuchen Sie es in einem Moment erneut.",
  },
} as const satisfies Messages;
