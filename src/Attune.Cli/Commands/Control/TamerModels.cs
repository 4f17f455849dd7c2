using Attune.Control.Environments;
using Attune.Control.Tamer;
using Attune.Core;
using Attune.Core.Runs;

namespace Attune.Cli.Commands.Control;

/// <summary>Models and credit assignments of TAMER by the words of the command line.</summary>
internal static class TamerModels
{
    public static IHumanRewardModel Of(string word, IEnvironment environment, Seed seed)
    {
        var actions = ControlArguments.RequireDiscrete(environment, "TAMER");
        if (environment is Tetris)
        {
            return new TetrisModel();
        }

        if (environment.Observations is not BoxSpace box)
        {
            throw new AttuneException($"{environment.Name} shows a number of a cell; TAMER's models need a vector. Take MountainCar-v0.");
        }

        if (word == "network")
        {
            return new NetworkModel(box, actions, seed);
        }

        return box.Length <= 3 && box.Low.Concat(box.High).All(float.IsFinite)
            ? new RadialModel(box, actions)
            : throw new AttuneException(
                $"a grid of bumps needs at most three observations with bounds; {environment.Name} has {box.Length}. "
                    + "Add --model network."
            );
    }

    public static CreditAssignment Credit(string word) =>
        word switch
        {
            "gamma" => CreditAssignment.Gamma(),
            "previous" => CreditAssignment.PreviousStep,
            "immediate" => CreditAssignment.Immediate,
            _ => CreditAssignment.Uniform(),
        };
}
