using System.Collections.Immutable;

namespace Attune.Control.Environments;

/// <summary>
/// FrozenLake-v1: cross the ice (F) from the start (S) to the goal (G) without falling into a hole (H). Actions: left (0), down (1), right
/// (2), up (3). On slippery ice the move is, with a third each, the one chosen or one at a right angle to it. Reward 1 at the goal. The
/// observation is the cell's number, row by row.
/// </summary>
public sealed class FrozenLake : SeededEnvironment
{
    private static readonly ImmutableArray<string> Small = ["SFFF", "FHFH", "FFFH", "HFFG"];

    private static readonly ImmutableArray<string> Large =
    [
        "SFFFFFFF",
        "FFFFFFFF",
        "FFFHFFFF",
        "FFFFFHFF",
        "FFFHFFFF",
        "FHHFFFHF",
        "FHFFHFHF",
        "FFFHFFFG",
    ];

    private readonly ImmutableArray<string> _map;
    private readonly bool _slippery;

    /// <param name="large">The map of 8 by 8 cells instead of 4 by 4.</param>
    public FrozenLake(bool large = false, bool slippery = true)
    {
        (_map, _slippery) = (large ? Large : Small, slippery);
        Name = large ? "FrozenLake8x8-v1" : "FrozenLake-v1";
        StepLimit = large ? 200 : 100;
        Observations = new DiscreteSpace(_map.Length * _map.Length);
    }

    /// <summary>Where a move may lead.</summary>
    public readonly record struct IcyMove(double Probability, int Cell, double Reward, bool Terminated);

    public override string Name { get; }

    public override Space Actions { get; } = new DiscreteSpace(4);

    public override Space Observations { get; }

    public override int StepLimit { get; }

    public override double StepsPerSecond => 4;

    /// <summary>Every way that an action in a cell may go, in the order in which chance chooses among them.</summary>
    public IReadOnlyList<IcyMove> Transitions(int cell, int action)
    {
        if (At(cell) is 'G' or 'H')
        {
            return [new IcyMove(1, cell, 0, true)];
        }

        const double chosen = 1.0 / 3.0;
        const double side = (1 - chosen) / 2;
        return _slippery
            ? [Towards(cell, (action + 3) % 4, side), Towards(cell, action, chosen), Towards(cell, (action + 1) % 4, side)]
            : [Towards(cell, action, 1)];
    }

    protected override double[] Begin()
    {
        var starts = new double[_map.Length * _map.Length];
        starts[0] = 1;
        return [Random.Categorical(starts)]; // draws, though there is one start: the generator must stand where Gymnasium's does
    }

    protected override (double Reward, bool Terminated) Move(ReadOnlySpan<float> action)
    {
        var ways = Transitions((int)State[0], (int)action[0]);
        var way = ways[Random.Categorical([.. ways.Select(w => w.Probability)])];
        State = [way.Cell];
        return (way.Reward, way.Terminated);
    }

    private IcyMove Towards(int cell, int direction, double probability)
    {
        var (row, column) = (cell / _map.Length, cell % _map.Length);
        var last = _map.Length - 1;
        var next = direction switch
        {
            0 => (Row: row, Column: Math.Max(column - 1, 0)),
            1 => (Row: Math.Min(row + 1, last), Column: column),
            2 => (Row: row, Column: Math.Min(column + 1, last)),
            _ => (Row: Math.Max(row - 1, 0), Column: column),
        };
        var to = next.Row * _map.Length + next.Column;
        return new IcyMove(probability, to, At(to) == 'G' ? 1 : 0, At(to) is 'G' or 'H');
    }

    private char At(int cell) => _map[cell / _map.Length][cell % _map.Length];
}
