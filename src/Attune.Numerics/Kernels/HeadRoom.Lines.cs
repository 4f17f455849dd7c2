using System.Runtime.Intrinsics;

namespace Attune.Numerics.Kernels;

internal unsafe ref partial struct HeadRoom<T>
{
    private readonly float Dot(void* output, void* gradient, int head, int t)
    {
        var at = (_firstToken + t) * _shape.Width + head * _width;
        var total = Vector512<float>.Zero;
        var i = 0;
        for (; i + 16 <= _width; i += 16)
        {
            total = Vector512.FusedMultiplyAdd(T.Load(output, at + i), T.Load(gradient, at + i), total);
        }

        var sum = Vector512.Sum(total);
        for (; i < _width; i++)
        {
            sum += T.LoadOne(output, at + i) * T.LoadOne(gradient, at + i);
        }

        return sum;
    }

    /// <summary>One token's numbers of one head, zeros behind them.</summary>
    private readonly void LoadLine(void* source, int stride, int t, int offset)
    {
        var at = (_firstToken + t) * stride + offset;
        var i = 0;
        for (; i + 16 <= _width; i += 16)
        {
            T.Load(source, at + i).Store(_line + i);
        }

        for (; i < _padded; i++)
        {
            _line[i] = i < _width ? T.LoadOne(source, at + i) : 0;
        }
    }

    private readonly void StoreLine(void* target, int stride, int t, int offset, float* line)
    {
        var at = (_firstToken + t) * stride + offset;
        var i = 0;
        for (; i + 16 <= _width; i += 16)
        {
            T.Store(target, at + i, Vector512.Load(line + i));
        }

        for (; i < _width; i++)
        {
            T.StoreOne(target, at + i, line[i]);
        }
    }

    private readonly void Scale(float* line, float factor)
    {
        for (var i = 0; i < _padded; i += 16)
        {
            (Vector512.Load(line + i) * factor).Store(line + i);
        }
    }

    /// <summary>Turns the line by its position's angles (Su et al. 2021, rotate-half form), or back.</summary>
    private readonly void Turn(int t, int direction)
    {
        if (_view.Cosines == 0)
        {
            return;
        }

        var half = _width / 2;
        var at = (_view.AnglesPerToken ? _firstToken + t : t) * half;
        var cosines = (float*)_view.Cosines + at;
        var sines = (float*)_view.Sines + at;
        for (var i = 0; i < half; i++)
        {
            var (a, b, sine) = (_line[i], _line[half + i], direction * sines[i]);
            _line[i] = a * cosines[i] - b * sine;
            _line[half + i] = b * cosines[i] + a * sine;
        }
    }

    /// <summary>The line as a token's row of panels [part][time][64]; nothing where there are none.</summary>
    private readonly void ToPanels(float* panels, int t)
    {
        for (var part = 0; panels is not null && part * Panel < _padded; part++)
        {
            new ReadOnlySpan<float>(_line + part * Panel, Panel).CopyTo(new Span<float>(panels + ((long)part * _time + t) * Panel, Panel));
        }
    }

    /// <summary>The line as a token's column of panels [time / 64][width][64].</summary>
    private readonly void Spread(float* byWidth, int t)
    {
        if (byWidth is null)
        {
            return;
        }

        var target = byWidth + (long)(t / Panel) * Panel * _width + t % Panel;
        for (var i = 0; i < _width; i++)
        {
            target[i * Panel] = _line[i];
        }
    }
}
