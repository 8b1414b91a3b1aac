/** The fallback cats, shown when no backend answers: copies of what the backend draws for these seeds. */

import { gettext } from "./i18n.js";

const cat = (seed, name, alt, greeting, fact) => {
  const url = new URL(`./fallback_cats/${seed}.svg`, import.meta.url).href;
  return { seed, name, alt, greeting, fact, url };
};

export const fallbackCats = [
  cat(
    "house-1", "Gaston",
    gettext("Alley cat with a round head and pricked ears, ginger and white tuxedo coat, closed eyes, green bandana, laughing."),
    gettext("Ha! A visitor. Come closer, I do not bite. Often."),
    gettext("The containers of a Pod share one network: for them, localhost is each other."),
  ),
  cat(
    "house-2", "Clémentine",
    gettext("Siamese cat with a slender head and pricked ears, cream coat with a brown mask, blue eyes, violet bow tie, sticking its tongue out."),
    gettext("Oh, hello. I was posing, not waiting."),
    gettext("A Pod has one IP address, however many containers live in it."),
  ),
  cat(
    "house-5", "Crumpet",
    gettext("Alley cat with tufted cheeks and pricked ears, black and ginger tortoiseshell coat, turquoise eyes, red collar with a heart-shaped tag, sticking its tongue out."),
    gettext("Is that a fish behind your back? No? Hello anyway."),
    gettext("When a liveness probe fails too often, the container is restarted; the Pod stays."),
  ),
  cat(
    "house-6", "Hazel",
    gettext("Maine coon with tufted cheeks and tufted ears, chocolate and white tuxedo coat, one blue eye and one copper eye, yellow collar with a bell, looking grumpy."),
    gettext("You knocked. I noticed. I notice everything."),
    gettext("A readiness probe keeps traffic away; it never restarts anything."),
  ),
  cat(
    "house-8", "Balthazar",
    gettext("Turkish Angora with a round head and pricked ears, white coat, one blue eye and one golden eye, violet collar with a bell, looking curious."),
    gettext("One eye for you, one eye for the mouse."),
    gettext("A memory limit kills, a CPU limit only slows down."),
  ),
  cat(
    "house-9", "Velours",
    gettext("Ragdoll with tufted cheeks and pricked ears, pale coat with a blue-grey mask, blue eyes, blue bandana, sticking its tongue out."),
    gettext("Mrrr. Mind the fur, it is freshly licked."),
    gettext("Requests are what the scheduler counts; limits are what the node enforces."),
  ),
  cat(
    "house-12", "Félix",
    gettext("Bengal cat with a slender head and pricked ears, ginger tabby coat, green eyes, green bandana, wide-eyed with amazement."),
    gettext("Someone at last! I have been staring at this wall for hours."),
    gettext("An ephemeral container can join a running Pod, and can never be removed from it."),
  ),
  cat(
    "house-16", "Sushi",
    gettext("Maine coon with tufted cheeks and tufted ears, white coat with cream and grey patches, one blue eye and one copper eye, sticking its tongue out."),
    gettext("Bleh. That was hello in cat."),
    gettext("128M is 128 million bytes; 128Mi is a little more: cats count in powers of two."),
  ),
  cat(
    "house-18", "Espresso",
    gettext("Scottish fold with a slender head and folded ears, cream coat with a ginger mask, blue eyes, blue collar with a heart-shaped tag, looking curious."),
    gettext("Small cat, big night. Who are you?"),
    gettext("A Pod that dies is not mended: another one is made, with another address."),
  ),
  cat(
    "house-19", "Zébulon",
    gettext("Scottish fold with a round head and folded ears, silver tabby coat, green eyes, yellow bow tie, looking curious."),
    gettext("You may admire the stripes."),
    gettext("port-forward goes to one Pod and asks neither the Service nor the readiness probe."),
  ),
  cat(
    "house-22", "Orion",
    gettext("European shorthair with a round head and pricked ears, grey tabby coat, copper eyes, blue collar with a bell, looking grumpy."),
    gettext("Hm. You again? No? They all look alike, these humans."),
    gettext("The name that a Pod knows itself by is its hostname, never its container’s name."),
  ),
  cat(
    "house-23", "Matcha",
    gettext("Alley cat with a slender head and pricked ears, chocolate and white tuxedo coat, closed eyes, blue bandana, dozing."),
    gettext("Zzz… five more minutes…"),
    gettext("A startup probe holds the other probes back until a slow sleeper is up."),
  ),
];
