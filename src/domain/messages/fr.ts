import type { Messages } from "./en.ts";

export const fr = {
  listSeparator: ", ",
  body: "le corps",
  nouns: {
    team: "cette équipe",
    user: "cet utilisateur",
    service: "ce service",
    service_key: "cette clé de service",
    access_token: "ce jeton d’accès",
    domain: "domaine",
    sso_connection: "connexion d’authentification unique",
    catalogue: "ce catalogue",
    permission_set: "cet ensemble d’autorisations",
    role: "ce rôle",
    member: "ce membre",
    invitation: "cette invitation",
    report: "ce rapport",
    client: "ce client",
    webhook: "ce webhook",
    delivery: "cette livraison",
    move: "ce déménagement",
  },
  codes: {
    COM0001: "Ce chemin n’accepte pas cette méthode.",
    COM0002: "Trop de requêtes en peu de temps.",
    COM0003: "Un paramètre de pagination n’est pas valide.",
    COM0004: "Le serveur a échoué ou ne peut pas répondre pour le moment.",
    COM0005: "Un champ du corps est absent, inconnu ou non valide.",
    COM0006: "La requête exige un corps et n’en contient pas.",
    COM0007: "L’assistance à distance n’est pas configurée.",
    COM0008: "Rien n’existe à ce chemin ou sous cet identifiant.",
    COM0009: "La requête est bien formée, mais ses éléments sont incohérents.",
    COM0010: "L’élément existe déjà ou entre en conflit avec un autre.",
    COM0011: "Un en-tête est absent ou non valide.",
    COM0012: "Cette version de l’API n’existe pas.",
    COM0013: "Aucune information d’identification valide n’a été envoyée.",
    COM0014: "La requête est mal formée, trop volumineuse ou dans un format non pris en charge.",
    COM0015: "La ressource a changé depuis sa lecture.",
    COM0021: "Le jeton delta n’est pas valide.",
    COM00020: "Toutes les licences d’appareil sont utilisées.",
    LOC0001: "La position de l’appareil n’a pas pu être obtenue.",
    SDE0003: "L’utilisateur n’a pas pu être associé à l’appareil.",
    CMD0001: "La commande ne s’applique pas à cet appareil.",
    CMD0002: "La commande n’a pas pu être suspendue.",
    APP0001: "L’application envoyée a été rejetée.",
    APP0002: "L’application ou le profil n’a pas pu être supprimé.",
    FIL0001: "Le fichier envoyé a été rejeté.",
    PAY0001: "L’image envoyée dépasse la taille autorisée.",
    PAY0002: "Des champs obligatoires ne sont pas remplis.",
    PAY0004: "Les valeurs de champs obligatoires ne sont pas valides.",
    TOK0001: "Il manque une autorisation nécessaire.",
    TOK0002: "Les informations d’identification appartiennent à une autre équipe.",
    TOK0003: "Le jeton appartient à une autre région.",
    TOK0004: "Le jeton a expiré.",
    TOK0005: "Le jeton a été révoqué.",
    TOK0006: "Le jeton ne peut pas être utilisé depuis cette adresse.",
    TOK0007: "L’équipe est suspendue.",
    TOK0008: "Le jeton a été émis pour un autre service.",
  },
  refusals: {
    malformed_token: "Ce jeton est incomplet ou altéré. Copiez-le de nouveau en entier.",
    wrong_region: "Ce jeton appartient à la région {region} ; utilisez plutôt {url} pour cette requête.",
    team_moved: "L’équipe a déménagé dans la région {region} ; utilisez plutôt {url}.",
    unknown_token:
      "Ce jeton d’accès n’est pas connu ici. Vérifiez que vous avez envoyé le bon, ou créez-en un nouveau.",
    invalid_proof:
      "La requête ne prouve pas qu’elle détient la clé de ce jeton (DPoP : {problem}). Envoyez un jeton lié à une clé sous le schéma DPoP avec une nouvelle preuve, tout autre jeton en Bearer.",
    wrong_audience: "Ce jeton a été émis pour un autre service. Demandez-en un pour ce service.",
    wrong_team:
      "Ces informations d’identification sont celles d’une autre équipe. Utilisez celles de l’équipe concernée.",
    revoked_token: "Ce jeton a été révoqué et ne peut pas être rétabli. Créez-en un nouveau.",
    expired_token: "Ce jeton a expiré. Obtenez-en un nouveau.",
    team_suspended:
      "Cette équipe est suspendue. Ses jetons fonctionneront de nouveau lorsque l’opérateur l’aura rétablie.",
    ip_not_allowed:
      "Ce jeton ne fonctionne que depuis ses adresses autorisées. Appelez depuis l’une d’elles ou changez de jeton.",
    missing_permission:
      "Il manque à ce jeton des autorisations nécessaires : {missing}. Utilisez un jeton qui les possède.",
    rate_limited: "La limite de débit est atteinte. Réessayez dans {seconds} s.",
    rate_limited_never:
      "Cette requête coûte plus que toute la limite du jeton et ne sera jamais acceptée. Réduisez son coût.",
    no_credential:
      "Aucune information d’identification reçue. Envoyez l’en-tête Authorization: Bearer suivi de votre jeton.",
    unknown_credential:
      "Ces informations d’identification ne sont pas valides ici. Vérifiez qu’elles sont complètes et encore actives.",
    ambiguous_credential:
      "Identifiez-vous une seule fois, dans l’en-tête Authorization et non dans les paramètres d’URL.",
    quota_exceeded:
      "La formule de l’équipe autorise {limit} {quota}. Changez de formule ou libérez-en d’abord.",
    move_refused: "Le déménagement ne peut pas continuer : {obstacle}.",
    too_many_imported:
      "Pas plus de {limit} clés ne peuvent être importées ici, clés terminées comprises. Émettez plutôt des jetons d’accès.",
    rate_limited_quota:
      "La formule de l’équipe n’autorise plus de {quota} pour le moment. Réessayez dans {seconds} s.",
    no_way_to_sign_in:
      "Personne ne pourrait se connecter ainsi : ajoutez d’abord une connexion d’authentification unique ou autorisez une autre méthode.",
    domain_not_proven:
      "Le domaine n’est pas prouvé : créez l’enregistrement DNS TXT indiqué, puis vérifiez-le.",
    provider_unusable: "Aucun fournisseur OpenID complet n’a été trouvé à cette adresse. Vérifiez-la.",
    in_use: "Cet élément ({noun}) est encore utilisé ailleurs. Modifiez d’abord cet usage.",
    second_factor_required: "Cette équipe exige un second facteur. Reconnectez-vous avec le vôtre.",
    sign_in_method_not_allowed:
      "Cette équipe n’accepte pas votre méthode de connexion. Reconnectez-vous avec une méthode qu’elle autorise.",
    acts_for_nobody:
      "Ce jeton n’agit pour personne. Utilisez un jeton accordé par quelqu’un sur la page de consentement.",
    operator_only: "Seul l’opérateur peut faire cela. Utilisez la clé d’opérateur.",
    exceeds_maker:
      "Vous ne pouvez pas accorder des autorisations que vous n’avez pas : {missing}. Retirez-les.",
    owner_only: "Seul un propriétaire de l’équipe ou l’opérateur peut faire cela.",
    beyond_caller:
      "Cela comporte des autorisations que vous n’avez pas : {missing}. Adressez-vous à une personne qui les a toutes.",
    beyond_client:
      "Ce client ne peut jamais recevoir ces autorisations : {missing}. Ajoutez-les d’abord au client ou retirez-les.",
    exceeds_bounds:
      "Le jeton utilisé expire ou n’est valable que depuis certaines adresses ; ceci irait au-delà. Utilisez d’autres identifiants.",
    member_not_for_type: "Un client de type {type} n’a pas de {member}. Retirez ce membre.",
    keeps_no_secret: "Ce client n’a pas de secret : il est public ou s’authentifie avec ses propres clés.",
    too_many_secrets:
      "{limit} secrets sont déjà en vigueur. Choisissez un chevauchement plus court pour que les plus anciens prennent fin.",
    webhook_not_enabled: "Ce webhook n’est pas activé ; rien ne lui est donc envoyé. Activez-le d’abord.",
    self_client_only:
      "Les jetons d’octroi ne sont créés ainsi que pour les clients de type self. Les autres clients passent par la page de consentement.",
    issue_limited: "Trop de jetons d’octroi ont été créés pour ce client. Réessayez dans {seconds} s.",
    sign_in_required:
      "Un compte existe déjà pour l’adresse invitée. Connectez-vous à ce compte, puis acceptez l’invitation.",
    method_not_allowed: "Ce chemin n’accepte pas cette méthode. Il accepte : {allow}.",
    bad_page:
      "Paramètre {parameter} non valide. limit est un entier de 1 à 100, cursor un next_cursor reçu auparavant.",
    invalid_member_missing: "Le champ {member} est absent. Ajoutez-le.",
    invalid_member_unknown: "Il y a un champ inconnu dans {member}. Supprimez-le ou corrigez son nom.",
    invalid_member_invalid:
      "La valeur du champ {member} n’a pas le type, la longueur ou la forme voulus. Corrigez-la.",
    body_not_object: "Le corps n’est pas un objet JSON. Envoyez-en un.",
    unknown_permission:
      "Le champ {member} contient une autorisation absente de tout catalogue. GET /v1/catalogues les énumère.",
    empty_body: "Le corps est vide. Envoyez un objet JSON.",
    malformed_json: "Le corps n’est pas du JSON bien formé en UTF-8. Corrigez sa syntaxe.",
    unknown_path: "Il n’y a rien à ce chemin. Vérifiez l’URL.",
    misdirected:
      "Cet hôte ne mène à rien ici. Utilisez l’adresse de la région ou un domaine que son équipe a prouvé.",
    bad_header:
      "L’en-tête {header} n’est pas valide. Envoyez de 1 à 255 caractères ASCII imprimables, ou omettez-le.",
    bad_api_version: "Cette version de l’API n’existe pas. Utilisez des chemins commençant par /v1.",
    not_acceptable:
      "La réponse n’existe dans aucun format admis par votre en-tête Accept. Acceptez application/json.",
    unsupported_media_type: "Ce type de média n’est pas accepté. Envoyez Content-Type: application/json.",
    body_too_large: "Le corps dépasse {limit} Kio. Envoyez-en un plus petit.",
    not_found: "Impossible de trouver {noun} ici. Vérifiez l’identifiant ou le nom, ainsi que la région.",
    required_permission_absent: "Certaines de ces autorisations en exigent d’autres. Ajoutez : {missing}.",
    no_common_address:
      "Aucune de ces adresses n’est autorisée pour le jeton utilisé. Choisissez parmi les siennes.",
    already_exists:
      "Impossible d’enregistrer {noun} : la valeur de {member} est déjà prise. Choisissez-en une autre.",
    catalogue_would_lose:
      "Un catalogue peut gagner des autorisations, mais pas en perdre. Remettez : {permissions}.",
    built_in_role: "Ce rôle est intégré et ne peut être ni modifié ni supprimé. Créez votre propre rôle.",
    role_in_use: "Des membres ou des invitations ont encore ce rôle. Attribuez-leur d’abord un autre rôle.",
    last_owner: "Une équipe garde au moins un propriétaire. Nommez d’abord un autre propriétaire.",
    invitation_expired: "Cette invitation a expiré. Demandez-en une nouvelle.",
    idempotency_conflict:
      "Cette clé Idempotency-Key a servi avec un autre corps. Prenez une nouvelle clé pour une nouvelle requête.",
    idempotency_running:
      "Une requête avec cette clé Idempotency-Key est encore en cours. Répétez-la dans un instant.",
    report_not_ready:
      "Le rapport est en cours de création. Redemandez-le dans un instant ou suivez sa progression.",
    report_failed:
      "Le rapport n’a pas pu être créé. Demandez-en un nouveau, sur une période plus courte s’il était trop volumineux.",
    empty_period:
      "La période se termine avant de commencer, ou elle est vide. Choisissez un until plus tardif ou un since plus ancien.",
    precondition_failed:
      "La ressource a changé depuis que vous l’avez lue. Relisez-la, puis refaites la modification.",
    unavailable: "Aucune réponse fiable n’est possible pour le moment. Réessayez dans {seconds} s.",
    internal: "Une erreur s’est produite de notre côté. Réessayez dans un instant.",
  },
} as const satisfies Messages;
