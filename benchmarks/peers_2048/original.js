// Plays moves on boards with the sources of github.com/gabrielecirulli/2048, without a browser.
//   node original.js CHECKOUT < boards.json > moves.json
// In: a list of boards, each four rows of tiles (0, 2, 4, ...). Out: for each board and each move (0 up, 1 right, 2 down,
// 3 left) {board, score, over, moved}; `board` has the tile that chance adds.
const fs = require("fs");
const path = require("path");
const vm = require("vm");

const sandbox = vm.createContext({ Math });
for (const name of ["tile.js", "grid.js", "game_manager.js"]) {
  vm.runInContext(fs.readFileSync(path.join(process.argv[2], "js", name), "utf8"), sandbox, { filename: name });
}

function gridOf(rows) {
  const column = (x) => rows.map((row, y) => (row[x] ? { position: { x, y }, value: row[x] } : null));
  return { size: rows.length, cells: rows.map((_, x) => column(x)) };
}

function played(rows, move) {
  const before = { grid: gridOf(rows), score: 0, over: false, won: false, keepPlaying: true };
  class Input {
    on() {}
  }
  class Actuator {
    actuate() {}
    continueGame() {}
  }
  class Storage {
    getGameState() {
      return before;
    }
    setGameState() {}
    clearGameState() {}
    getBestScore() {
      return 0;
    }
    setBestScore() {}
  }
  const game = new sandbox.GameManager(rows.length, Input, Actuator, Storage);
  const start = JSON.stringify(game.serialize().grid);
  game.move(move);
  const after = game.serialize();
  const board = rows.map((_, y) => rows.map((_, x) => (after.grid.cells[x][y] ? after.grid.cells[x][y].value : 0)));
  return { board, score: after.score, over: after.over, moved: JSON.stringify(after.grid) !== start };
}

const boards = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(boards.map((rows) => [0, 1, 2, 3].map((move) => played(rows, move)))));
