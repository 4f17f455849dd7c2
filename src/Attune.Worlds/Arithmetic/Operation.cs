namespace Attune.Worlds.Arithmetic;

/// <summary>A sign and the digit that it brings in.</summary>
/// <param name="Sign">'+', '-' or '*'</param>
public readonly record struct Operation(char Sign, int Operand)
{
    /// <summary>The last digit of the result, as a clock of ten counts: 3 - 5 = 8.</summary>
    public int Of(int left) =>
        Sign switch
        {
            '+' => (left + Operand) % 10,
            '-' => (left - Operand + 10) % 10,
            _ => left * Operand % 10,
        };
}
