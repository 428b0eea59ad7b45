# git from the Aptfile lives below $HOME/.apt and looks for its parts below /usr, unless told.
if [ -d "$HOME/.apt/usr/lib/git-core" ]; then
  export GIT_EXEC_PATH="${GIT_EXEC_PATH:-$HOME/.apt/usr/lib/git-core}"
  export GIT_TEMPLATE_DIR="${GIT_TEMPLATE_DIR:-$HOME/.apt/usr/share/git-core/templates}"
fi
