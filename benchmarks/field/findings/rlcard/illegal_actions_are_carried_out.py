import rlcard


def show(game, illegal):
    env = rlcard.make(game, config={"seed": 0})
    state, player = env.reset()
    print(f"{game}: player {player}, action {illegal} legal: {illegal in state['legal_actions']},", end=" ")
    state, after = env.step(illegal)
    print(f"carried out: {env.action_recorder[-1][1]}, over: {env.is_over()}, then player {after}")


show("mahjong", 36)
show("doudizhu", 7923)
show("gin-rummy", 72)
