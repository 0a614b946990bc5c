/** Which keys say that their value is an image. */

/** `image`, `initImage`, `proxy-image`, `imageName`, `image_url`. */
export const IMAGE_KEY = /image(?:[_-]?(?:name|ref|reference|url|uri))?$/i;
/** `images`, `relatedImages`. */
export const IMAGES_KEY = /images$/i;

/** Names that have "image" in them and speak of only a part of it, or of something else. */
const PART =
  /(?:registry|registries|repo|repository|tag|prefix|suffix|policy|secrets?|namespace|hub|mirror|org|digest|format|size|type|gc\w*|threshold|timeout|interval|path|dir|user|username|password|token)$/i;

/** Whether the name of a flag or variable says that its value is an image: `IMAGE`, `SIDECAR_IMAGE_V2`, `acme-solver-image`. */
export function namesImage(name: string): boolean {
  return /image/i.test(name) && !PART.test(name);
}
