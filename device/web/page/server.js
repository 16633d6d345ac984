// Asking the server: JSON there and back; who is not let in any more goes to the form.
export async function ask(path, method = "GET", body = undefined) {
  const answer = await fetch(path, {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
  });
  if (answer.status === 401) location.assign("/login");
  if (answer.status === 204) return null;
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}
