using Attune.Core;

namespace Attune.Control.Environments;

/// <summary>
/// The environments by the names that Gymnasium gives them, and Tetris; with "-fixed" after it, the version of fixed length.
/// </summary>
public static class EnvironmentCatalog
{
    private const string FixedSuffix = "-fixed";

    private static readonly Dictionary<string, Func<IEnvironment>> Known = new(StringComparer.OrdinalIgnoreCase)
    {
        ["CartPole-v1"] = () => new CartPole(),
        ["MountainCar-v0"] = () => new MountainCar(),
        ["MountainCarContinuous-v0"] = () => new MountainCarContinuous(),
        ["Pendulum-v1"] = () => new Pendulum(),
        ["Acrobot-v1"] = () => new Acrobot(),
        ["FrozenLake-v1"] = () => new FrozenLake(),
        ["FrozenLake8x8-v1"] = () => new FrozenLake(large: true),
        ["Tetris"] = () => new Tetris(),
    };

    public static IEnumerable<string> Names => Known.Keys;

    /// <summary>A new environment of this name.</summary>
    public static IEnvironment Make(string name)
    {
        var isFixed = name.EndsWith(FixedSuffix, StringComparison.OrdinalIgnoreCase);
        var make =
            Known.GetValueOrDefault(isFixed ? name[..^FixedSuffix.Length] : name)
            ?? throw new AttuneException(
                $"there is no environment {name}.{Suggestion.For(name, Names)} Expected one of {string.Join(", ", Names)}, each also "
                    + $"with {FixedSuffix} after it."
            );
        return isFixed ? new FixedLength(make()) : make();
    }
}
