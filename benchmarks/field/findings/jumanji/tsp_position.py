import jumanji
from jumanji.wrappers import JumanjiToGymWrapper

env = JumanjiToGymWrapper(jumanji.make("TSP-v1"))
observation, info = env.reset(seed=0)
print(observation["position"], env.observation_space["position"], env.observation_space.contains(observation))
