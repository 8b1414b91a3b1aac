"""What the course says of requests, limits, quantities and use."""

from __future__ import annotations

from lab.experiments.sentence import Sentence, seen
from lab.experiments.texts import Text

RESOURCES = (
    Sentence(
        "best-effort",
        Text("Without request or limit: best effort.", "Sans request/limit => best effort."),
        "true",
        Text("The API server gives it the class BestEffort.", "L’API server lui donne la classe BestEffort."),
        seen("course/best-effort=BestEffort"),
    ),
    Sentence(
        "request",
        Text(
            "Request: the least that is guaranteed (reservation).",
            "Request : allocation minimum garantie (réservation).",
        ),
        "nuance",
        Text(
            "The scheduler reserves it: who asks for too much is not placed. The kernel keeps no memory for it.",
            "Le scheduler la réserve : qui demande trop n’est pas placé. Le noyau, lui, ne garde aucune mémoire.",
        ),
        seen("course/reserved=yes"),
        seen("course/floor=no"),
    ),
    Sentence(
        "limit",
        Text("Limit: the most that is allocated.", "Limit : allocation maximum (limite)."),
        "true",
        Text(
            "Memory beyond it is answered with a kill, exit code 137; CPU beyond it with waiting.",
            "Au-delà, la mémoire se paie d’un arrêt, code 137 ; le CPU, d’une attente.",
        ),
        seen("limits/memory-code=137", "limits/cpu-throttled=yes"),
    ),
    Sentence(
        "two-resources",
        Text("It is based on CPU and RAM.", "Se base sur le CPU et la RAM."),
        "nuance",
        Text(
            "On disk too: the server takes a limit on ephemeral-storage.",
            "Sur le disque aussi : le serveur accepte une limite d’ephemeral-storage.",
        ),
        seen("limits/memory-code=137", "limits/cpu-throttled=yes"),
        seen("course/storage=yes"),
    ),
    Sentence(
        "milli",
        Text("100m: 0.1 vCPU.", "100m : 0.1 vCPU."),
        "true",
        Text("The API server writes 0.1 as 100m by itself.", "L’API server écrit de lui-même 0.1 comme 100m."),
        seen("course/milli=100m"),
    ),
    Sentence(
        "bases",
        Text("M: in base 10. Mi: in base 2.", "M : en base 10. Mi : en base 2."),
        "true",
        Text(
            "The kernel’s limit is 128,000,000 bytes for 128M and 134,217,728 for 128Mi.",
            "La limite du noyau est de 128\u202f000\u202f000 octets pour 128M, de 134\u202f217\u202f728 pour 128Mi.",
        ),
        seen("course/bytes-m=128000000", "course/bytes-mi=134217728"),
    ),
    Sentence(
        "database",
        Text(
            "Example for a database’s Pod: memory 64Mi to 128Mi.",
            "Exemple pour un Pod de type database : mémoire de 64Mi à 128Mi.",
        ),
        "nuance",
        Text(
            "It is accepted, starts and answers; one session that holds 112 MB, and the kernel kills the database.",
            "Il est accepté, démarre et répond ; une session qui tient 112 Mo, et le noyau tue la base.",
        ),
        seen("course/database=yes", "database/starts-frontend=yes", "database/lesson-query=answers"),
        seen("database/lesson-many=137"),
    ),
    Sentence(
        "top",
        Text(
            "`k top pod` lists the Pods with their use of memory.",
            "`k top pod` : lister les pods avec leur usage de mémoire.",
        ),
        "nuance",
        Text(
            "It does, some seconds late; what it shows nowhere is a CPU that its limit holds back.",
            "Oui, avec quelques secondes de retard ; il ne montre nulle part un CPU bridé par sa limite.",
        ),
        seen("top/top-known=yes"),
        seen("top/hidden-throttling=yes"),
    ),
)
