/** The one user of the registry, as an htpasswd file. */

/** htpasswd's own default. The registry computes the hash at every request of every pull. */
const ROUNDS = 5;

/**
 * The htpasswd line of a user. A line that says the same already is kept, as each hash is another one.
 * @param known what the file holds now
 */
export async function userLine(username: string, password: string, known: string | undefined): Promise<string> {
  const { compare, hash } = await import('bcryptjs');
  const line = known?.trim() ?? '';
  const isSame = line.startsWith(`${username}:$2`) && !line.includes('\n');
  if (isSame && (await compare(password, line.slice(username.length + 1)).catch(() => false))) return `${line}\n`;
  return `${username}:${await hash(password, ROUNDS)}\n`;
}
