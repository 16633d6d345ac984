// A token that came along after # in the address is used at once, and does not stay in the address or the history.
const given = new URLSearchParams(location.hash.slice(1)).get("token");
if (given) {
  history.replaceState(null, "", location.pathname);
  document.getElementById("token").value = given;
  document.querySelector("form").submit();
}
