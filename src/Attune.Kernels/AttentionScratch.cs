using System.Runtime.Intrinsics;

namespace Attune.Kernels;

/// <summary>One key and value head of one row of the batch, unpacked to float32 in a worker's own memory.</summary>
internal unsafe ref partial struct AttentionScratch<T>
    where T : struct, IElement
{
    private const int TileRows = MatrixProduct.TileRows;
    private const int Panel = MatrixProduct.Panel;
    private const int Group = 16; // tokens that are loaded together

    private readonly AttentionShape _shape;
    private readonly AttentionView _view;
    private readonly void* _joint;
    private readonly int _batch,
        _head,
        _time,
        _width,
        _padded,
        _columns;
    private readonly long _firstToken;

    // Panels of 64 columns: [panel][inner][64]. Keys by width run along the time, and so do values by width.
    private readonly float* _keysByWidth,
        _values,
        _valuesByWidth,
        _keys,
        _queries,
        _outer;
    private readonly float* _keyGradients,
        _valueGradients; // [time][padded width]
    private readonly float* _weights,
        _slopes; // [time or 6][columns]
    private readonly float* _tile,
        _line;

    public AttentionScratch(
        AttentionShape shape,
        AttentionView view,
        int batch,
        int head,
        void* joint,
        ref NativeBuffer? room,
        bool backward
    )
    {
        _joint = joint;
        (_shape, _view, _batch, _head) = (shape, view, batch, head);
        (_time, _width, _firstToken) = (shape.Time, shape.HeadWidth, (long)batch * shape.Time);
        _padded = (_width + Panel - 1) / Panel * Panel;
        _columns = (_time + Panel - 1) / Panel * Panel;
        var (byTime, rows) = ((long)_time * _padded, backward ? _time + TileRows : TileRows);
        var byWidth = (long)_width * _columns;
        var next = MatrixProduct.Room(
            ref room,
            2 * byWidth + (backward ? 6 : 2) * byTime + 2L * rows * _columns + TileRows * (Panel + _padded) + Group * _padded
        );
        float* Take(long floats)
        {
            var taken = next;
            next += floats;
            return taken;
        }

        _keysByWidth = Take(byWidth);
        _values = Take(byTime);
        _queries = Take(byTime);
        _weights = Take((long)rows * _columns);
        _tile = Take(TileRows * (Panel + _padded));
        _line = Take(Group * _padded);
        if (backward)
        {
            _valuesByWidth = Take(byWidth);
            _keys = Take(byTime);
            _outer = Take(byTime);
            _keyGradients = Take(byTime);
            _valueGradients = Take(byTime);
            _slopes = Take((long)rows * _columns);
            new Span<float>(_keyGradients, (int)byTime).Clear();
            new Span<float>(_valueGradients, (int)byTime).Clear();
        }
    }

    /// <summary>The first query head that this key and value head serves.</summary>
    public readonly int FirstQuery => _head * (_shape.Heads / _shape.KeyValueHeads);

    public readonly void LoadKeys()
    {
        new Span<float>(_keysByWidth, _width * _columns).Clear();
        Load(_joint, _shape.JointWidth, (_shape.Heads + _head) * _width, 1, isTurned: true, _keys, _keysByWidth);
    }

    public readonly void LoadValues()
    {
        if (_valuesByWidth is not null)
        {
            new Span<float>(_valuesByWidth, _width * _columns).Clear();
        }

        Load(
            _joint,
            _shape.JointWidth,
            (_shape.Heads + _shape.KeyValueHeads + _head) * _width,
            1,
            isTurned: false,
            _values,
            _valuesByWidth
        );
    }

    public readonly void Forward(int head, void* output, float* logSums)
    {
        LoadQueries(head);
        var sums = logSums + ((long)_batch * _shape.Heads + head) * _time;
        for (var first = 0; first < _time; first += TileRows)
        {
            var rows = Math.Min(TileRows, _time - first);
            var (low, high) = Visible(first, rows);
            Scores(first, rows, low, high, _keysByWidth, _queries, _weights);
            var end = (first + rows + 15) / 16 * 16; // nothing behind is read
            for (var r = 0; r < rows; r++)
            {
                sums[first + r] = Softmax(_weights + (long)r * _columns, StartOf(first + r), first + r, low, end);
            }

            Mix(_weights + low, rows, _columns, 1, _values, low, first + rows - low);
            for (var r = 0; r < rows; r++)
            {
                StoreLine(output, _shape.Width, first + r, head * _width, _tile + TileRows * Panel + r * _padded);
            }
        }
    }

    public readonly void Backward(int head, void* output, float* logSums, void* gradient, void* jointGradient)
    {
        LoadQueries(head);
        var sums = logSums + ((long)_batch * _shape.Heads + head) * _time;
        Load(gradient, _shape.Width, head * _width, 1, isTurned: false, _outer, null);

        for (var first = 0; first < _time; first += TileRows)
        {
            BackwardQueries(head, first, output, sums, gradient, jointGradient);
        }

        for (var first = 0; first < _time; first += TileRows)
        {
            BackwardKeys(first);
        }
    }

    /// <summary>Gradients of the scores and the queries of a tile.</summary>
    private readonly void BackwardQueries(int head, int first, void* output, float* sums, void* gradient, void* jointGradient)
    {
        var rows = Math.Min(TileRows, _time - first);
        var (low, high) = Visible(first, rows);
        var weights = _weights + (long)first * _columns;
        var slopes = _slopes + (long)first * _columns;
        Scores(first, rows, low, high, _keysByWidth, _queries, weights);
        Scores(first, rows, low, high, _valuesByWidth, _outer, slopes);
        var end = (first + rows + 15) / 16 * 16;
        for (var r = 0; r < rows; r++)
        {
            // softmax' v = p (v - sum(p v)), and sum(p v) is the product of output and its gradient.
            Slopes(
                weights + (long)r * _columns,
                slopes + (long)r * _columns,
                StartOf(first + r),
                first + r,
                low,
                end,
                sums[first + r],
                Dot(output, gradient, head, first + r)
            );
        }

        Mix(slopes + low, rows, _columns, 1, _keys, low, first + rows - low);
        for (var r = 0; r < rows; r++)
        {
            new ReadOnlySpan<float>(_tile + TileRows * Panel + r * _padded, _padded).CopyTo(new Span<float>(_line, _padded));
            Scale(_line, Factor);
            Turn(_line, first + r, -1);
            StoreLine(jointGradient, _shape.JointWidth, first + r, head * _width, _line);
        }
    }

    /// <summary>Adds a tile's part to the gradients of keys and values.</summary>
    private readonly void BackwardKeys(int first)
    {
        var rows = Math.Min(TileRows, _time - first);
        Mix(_weights + (long)first * _columns + first, rows, 1, _columns, _outer, first, _time - first);
        AddTile(_valueGradients, first, rows);
        Mix(_slopes + (long)first * _columns + first, rows, 1, _columns, _queries, first, _time - first);
        AddTile(_keyGradients, first, rows);
    }

    public readonly void StoreKeyGradients(void* jointGradient)
    {
        for (var t = 0; t < _time; t++)
        {
            new ReadOnlySpan<float>(_keyGradients + (long)t * _padded, _padded).CopyTo(new Span<float>(_line, _padded));
            Turn(_line, t, -1);
            StoreLine(jointGradient, _shape.JointWidth, t, (_shape.Heads + _head) * _width, _line);
            StoreLine(
                jointGradient,
                _shape.JointWidth,
                t,
                (_shape.Heads + _shape.KeyValueHeads + _head) * _width,
                _valueGradients + (long)t * _padded
            );
        }
    }

    private readonly float Factor => (float)(1 / Math.Sqrt(_width));

    private readonly int StartOf(int t) => _view.Starts == 0 ? 0 : ((int*)_view.Starts)[_firstToken + t];

    /// <summary>The columns that a tile of queries needs, whole panels: from the first that one may see to the last.</summary>
    private readonly (int Low, int High) Visible(int first, int rows) =>
        (StartOf(first) / Panel * Panel, (first + rows + Panel - 1) / Panel * Panel);

    /// <summary>Queries of one head, scaled and turned.</summary>
    private readonly void LoadQueries(int head) => Load(_joint, _shape.JointWidth, head * _width, Factor, isTurned: true, _queries, null);

    /// <summary>scores[r][j] = left row (first + r) times the column j of <paramref name="byWidth"/>.</summary>
    private readonly void Scores(int first, int rows, int low, int high, float* byWidth, float* left, float* scores)
    {
        for (var column = low; column < high; column += Panel)
        {
            for (var part = 0; part * Panel < _width; part++)
            {
                var inner = Math.Min(Panel, _width - part * Panel);
                MatrixProduct.PanelTile(
                    left + ((long)part * _time + first) * Panel,
                    Panel,
                    1,
                    rows,
                    byWidth + ((long)column * _width) + part * Panel * Panel,
                    Panel,
                    inner,
                    _tile
                );
                for (var r = 0; r < rows; r++)
                {
                    var from = _tile + r * Panel;
                    var to = scores + (long)r * _columns + column;
                    for (var j = 0; j < Panel; j += 16)
                    {
                        (part == 0 ? Vector512.Load(from + j) : Vector512.Load(from + j) + Vector512.Load(to + j)).Store(to + j);
                    }
                }
            }
        }
    }

    /// <summary>
    /// Rows of sums over <paramref name="inner"/> tokens from <paramref name="token"/> on, left in the room behind the tile, [6][padded
    /// width].
    /// </summary>
    private readonly void Mix(float* left, int rows, nint row, nint step, float* panels, int token, int inner)
    {
        for (var part = 0; part * Panel < _padded; part++)
        {
            var panel = panels + ((long)part * _time + token) * Panel;
            MatrixProduct.PanelTile(left, row, step, rows, panel, Math.Min(Panel, _width - part * Panel), inner, _tile);
            for (var r = 0; r < rows; r++)
            {
                new ReadOnlySpan<float>(_tile + r * Panel, Panel).CopyTo(
                    new Span<float>(_tile + TileRows * Panel + r * _padded + part * Panel, Panel)
                );
            }
        }
    }

    private readonly void AddTile(float* sums, int first, int rows)
    {
        for (var r = 0; r < rows; r++)
        {
            var from = _tile + TileRows * Panel + r * _padded;
            var to = sums + (long)(first + r) * _padded;
            for (var j = 0; j < _padded; j += 16)
            {
                (Vector512.Load(from + j) + Vector512.Load(to + j)).Store(to + j);
            }
        }
    }
}
